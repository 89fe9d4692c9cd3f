/** A Google service account's key, as the Firebase console gives it out: a JSON file. */
import { createPrivateKey, type KeyObject } from 'node:crypto';
import { z } from 'zod';

const file = z.object({
  project_id: z.string().regex(/^[a-z0-9.:-]+$/, 'is not the id of a project'),
  private_key_id: z.string().min(1).optional(),
  private_key: z.string().min(1),
  client_email: z.string().min(3),
  token_uri: z
    .url({ protocol: /^https?$/, error: 'is not a URL' })
    .default('https://oauth2.googleapis.com/token'),
});

export interface ServiceAccount {
  readonly projectId: string;
  readonly clientEmail: string;
  readonly privateKey: KeyObject;
  readonly privateKeyId: string | undefined;
  readonly tokenUri: string;
}

/**
 * Reads the text of the file.
 * @returns a sentence that says what is wrong with it, without a value of it.
 */
export function readServiceAccount(
  text: string,
): { readonly account: ServiceAccount } | { readonly problem: string } {
  const json = jsonOrUndefined(text);
  if (json === undefined) return { problem: 'must be the JSON of a service account key' };
  const parsed = file.safeParse(json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return {
      problem: `must be the JSON of a service account key: ${issue?.path.join('.')} ${issue?.code === 'custom' ? issue.message : 'is missing or wrong'}`,
    };
  }
  const { project_id, private_key_id, private_key, client_email, token_uri } = parsed.data;
  const privateKey = rsaKey(private_key);
  if (privateKey === undefined)
    return { problem: 'must be the JSON of a service account key: private_key is no RSA key in PEM' };
  return {
    account: {
      projectId: project_id,
      clientEmail: client_email,
      privateKey,
      privateKeyId: private_key_id,
      tokenUri: token_uri,
    },
  };
}

function jsonOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Told by the missing value; what the parser says may quote the key.
    return undefined;
  }
}

function rsaKey(pem: string): KeyObject | undefined {
  try {
    const key = createPrivateKey(pem);
    return key.asymmetricKeyType === 'rsa' ? key : undefined;
  } catch {
    // Told by the missing key.
    return undefined;
  }
}
