/** `herald send`. */
import type { Settings } from '../../platform/config/settings.ts';
import { type ConnectionFlags, connect } from '../connection/find-herald.ts';
import type { CommandContext } from '../context.ts';
import { type SendFlags, sendInput } from './send-input.ts';

/** Sends one notification and tells its id. @throws CommandFailure, HeraldRequestError, HeraldConnectionError. */
export async function send(
  flags: SendFlags & ConnectionFlags & { readonly json?: boolean },
  settings: Settings,
  { stdout }: CommandContext,
): Promise<void> {
  const input = sendInput(flags);
  const client = await connect(flags, settings);
  const sent = await client.send(input);
  stdout.write(
    flags.json
      ? `${JSON.stringify(sent)}\n`
      : `${sent.id} ${sent.state}${sent.deduplicated ? ' (sent before, by the same idempotency key)' : ''}\n`,
  );
}
