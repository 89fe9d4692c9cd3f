/** The limits of live connections, from the settings. */
import type { Settings } from '../platform/config/settings.ts';
import type { GatewayOptions } from './gateway.ts';
import { RESUME_POLICY } from './subscriptions/resuming-source.ts';

export const liveOptions = (
  settings: Settings,
): Pick<GatewayOptions, 'webSocket' | 'maxSubscriberBuffer' | 'resumePolicy'> => ({
  webSocket: {
    connections: settings.LIVE_MAX_CONNECTIONS,
    perUser: settings.LIVE_MAX_CONNECTIONS_PER_USER,
    perKeyHolder: settings.LIVE_MAX_CONNECTIONS_PER_APP,
    operations: settings.LIVE_MAX_OPERATIONS,
    messageBytes: settings.LIVE_MAX_MESSAGE_BYTES,
    waitingBytes: settings.LIVE_MAX_WAITING_BYTES,
    initTimeoutMs: settings.LIVE_INIT_TIMEOUT_MS,
    pingIntervalMs: settings.LIVE_PING_INTERVAL_MS,
  },
  maxSubscriberBuffer: settings.LIVE_MAX_WAITING_RESULTS,
  resumePolicy: { ...RESUME_POLICY, maxOutageMs: settings.LIVE_RESUME_TIMEOUT_MS },
});
