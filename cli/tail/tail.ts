/** `herald tail`: deliveries as they happen. */
import { HeraldClient } from '../../client/index.ts';
import type { Settings } from '../../platform/config/settings.ts';
import { CHANNELS, DELIVERY_STATES } from '../../platform/graphql/contract-enums.ts';
import { type ConnectionFlags, findHerald } from '../connection/find-herald.ts';
import type { CommandContext } from '../context.ts';
import type { DeliveriesSubscription, DeliveriesSubscriptionVariables } from '../generated/operations.ts';
import { oneOf } from '../send/send-input.ts';
import { style, wantsColours } from '../terminal/style.ts';
import { deliveryLine } from './delivery-line.ts';
import { DELIVERIES } from './operations.ts';
import { Repeats } from './repeats.ts';

export interface TailFlags extends ConnectionFlags {
  readonly app?: string;
  readonly channels?: readonly string[];
  readonly states?: readonly string[];
  readonly json?: boolean;
}

/**
 * Writes until `signal` aborts; reconnects. Deliveries go to standard output, the state of the connection to
 * standard error. @throws CommandFailure, HeraldRequestError (no operator key, for example).
 */
export async function tail(
  flags: TailFlags,
  settings: Settings,
  { env, stdout, stderr }: CommandContext,
  signal: AbortSignal,
): Promise<void> {
  const variables: DeliveriesSubscriptionVariables = {
    ...(flags.app !== undefined && { app: flags.app }),
    ...(flags.channels && { channels: flags.channels.map((name) => oneOf('--channels', name, CHANNELS)) }),
    ...(flags.states && { states: flags.states.map((name) => oneOf('--states', name, DELIVERY_STATES)) }),
  };
  const { url, apiKey } = await findHerald(flags, settings);
  const client = new HeraldClient({ url, apiKey });
  let said: string | undefined;
  const onStatus = (status: 'connected' | 'reconnecting') => {
    if (said === status) return;
    said = status;
    stderr.write(
      status === 'connected'
        ? `Deliveries of ${url}, as they happen. Ctrl-C ends.\n`
        : `No connection to ${url}; trying again.\n`,
    );
  };
  const colours = style(wantsColours(stdout, env));
  const repeats = new Repeats();
  const deliveries = client.subscribe<DeliveriesSubscription>(DELIVERIES, variables, { signal, onStatus });
  for await (const { deliveryUpdated } of deliveries) {
    if (repeats.seen(deliveryUpdated)) continue;
    stdout.write(
      flags.json
        ? `${JSON.stringify(deliveryUpdated)}\n`
        : `${deliveryLine(deliveryUpdated, new Date().toTimeString().slice(0, 8), colours)}\n`,
    );
  }
}
