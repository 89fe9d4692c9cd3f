/** An account's configuration: in the open, and in its stored parts. Pure, but for the random numbers of encryption. */
import type { SecretBox } from '../../../platform/secrets/secret-box.ts';
import type { ProviderAccountRecord } from './account-record.ts';

export type AccountConfig = Readonly<Record<string, unknown>>;
type Stored = Pick<ProviderAccountRecord, 'config' | 'secrets'>;

/** What was sealed for one field of one account opens nowhere else. */
const placeOf = (_id: string, field: string): string => `provider account ${_id} ${field}`;

/** @param secretFields of the account's provider. */
export function sealedConfig(
  _id: string,
  config: AccountConfig,
  secretFields: readonly string[],
  box: SecretBox,
): Stored {
  const fields = Object.entries(config);
  return {
    config: JSON.stringify(Object.fromEntries(fields.filter(([name]) => !secretFields.includes(name)))),
    secrets: Object.fromEntries(
      fields
        .filter(([name]) => secretFields.includes(name))
        .map(([name, value]) => [name, box.seal(JSON.stringify(value), placeOf(_id, name))]),
    ),
  };
}

/** One secret in the open. @throws Error when no key of the box opens it. */
export const openedSecret = (_id: string, field: string, sealed: string, box: SecretBox): unknown =>
  JSON.parse(box.open(sealed, placeOf(_id, field)));

/** The fields that are no secrets. */
export const plainConfig = ({ config }: Pick<Stored, 'config'>): AccountConfig =>
  JSON.parse(config) as AccountConfig;

/** All of it, secrets in the open. @throws Error when no key of the box opens one. */
export const openedConfig = (record: Stored & { readonly _id: string }, box: SecretBox): AccountConfig => ({
  ...plainConfig(record),
  ...Object.fromEntries(
    Object.entries(record.secrets).map(([name, sealed]) => [
      name,
      openedSecret(record._id, name, sealed, box),
    ]),
  ),
});

/** The secrets sealed with the newest key; undefined where they are already. @throws Error as `openedConfig`. */
export function sealedAnew(
  { _id, secrets }: Pick<ProviderAccountRecord, '_id' | 'secrets'>,
  box: SecretBox,
): ProviderAccountRecord['secrets'] | undefined {
  const all = Object.entries(secrets);
  if (!all.some(([, sealed]) => box.isOld(sealed))) return undefined;
  return Object.fromEntries(
    all.map(([name, sealed]) => {
      const place = placeOf(_id, name);
      return [name, box.isOld(sealed) ? box.seal(box.open(sealed, place), place) : sealed];
    }),
  );
}
