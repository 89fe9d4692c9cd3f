import type { ReactNode } from 'react';
import { errorText } from './error-text.ts';
import { useHerald } from './herald-context.ts';
import { OfflineIcon, WarningIcon } from './icons.tsx';
import { useInbox } from './use-inbox.ts';

/** A line above the messages while they may be out of date, or when something was refused. */
export function InboxNotice(): ReactNode {
  const { translator } = useHerald();
  const { status, error } = useInbox();
  // Being offline is said once, not also as an error.
  const refused = error !== undefined && !(error.code === 'CONNECTION' && status !== 'live');
  return (
    <>
      <div role="alert">
        {refused ? (
          <p className="herald-notice" data-kind="error">
            <WarningIcon />
            <span>
              <strong>{translator.text('errorTitle')}</strong> {errorText(error, translator)}
            </span>
          </p>
        ) : null}
      </div>
      <div role="status">
        {status === 'live' ? null : (
          <p className="herald-notice" data-kind={status}>
            {status === 'connecting' ? (
              <span className="herald-spinner" aria-hidden="true" />
            ) : (
              <OfflineIcon />
            )}
            {status === 'offline' ? (
              <span>
                <strong>{translator.text('offlineTitle')}</strong> {translator.text('offlineText')}
              </span>
            ) : (
              <span>{translator.text(status === 'connecting' ? 'reconnecting' : 'closedText')}</span>
            )}
          </p>
        )}
      </div>
    </>
  );
}
