import type { ReactNode } from 'react';
import type { InboxError, InboxStatus } from '../browser/inbox.ts';
import { errorText } from './error-text.ts';
import { useHerald } from './herald-context.ts';
import { BellIcon, LockIcon, OfflineIcon, WarningIcon } from './icons.tsx';
import { useInbox } from './use-inbox.ts';

type Kind = 'loading' | 'empty' | 'offline' | 'signed-out' | 'closed' | 'error';

/** Which state an inbox without messages is in. A refusal matters more than the state of the connection. */
export function stateOf(status: InboxStatus, error: InboxError | undefined): Kind {
  if (status === 'signed-out' || status === 'closed') return status;
  if (error && error.code !== 'CONNECTION') return 'error';
  if (status === 'offline') return 'offline';
  if (error) return 'error';
  return status === 'connecting' ? 'loading' : 'empty';
}

/** Stands where the messages would be. */
export function InboxState({ onSignIn }: { readonly onSignIn: (() => void) | undefined }): ReactNode {
  const { translator } = useHerald();
  const { status, error, start } = useInbox();
  const kind = stateOf(status, error);
  const retry = (
    <button type="button" className="herald-button" onClick={start}>
      {translator.text('tryAgain')}
    </button>
  );
  if (kind === 'loading')
    return (
      <div className="herald-state" data-state={kind} role="status">
        <span className="herald-unseen">{translator.text('loading')}</span>
        <div className="herald-skeleton" aria-hidden="true">
          <span />
          <span />
          <span />
        </div>
      </div>
    );
  if (kind === 'error')
    return (
      <div className="herald-state" data-state={kind} role="alert">
        <WarningIcon />
        <p className="herald-state-title">{translator.text('errorTitle')}</p>
        {error ? <p>{errorText(error, translator)}</p> : null}
        {retry}
      </div>
    );
  return (
    <div className="herald-state" data-state={kind} role="status">
      {kind === 'empty' ? <BellIcon /> : kind === 'signed-out' ? <LockIcon /> : <OfflineIcon />}
      {kind === 'closed' ? (
        <p>{translator.text('closedText')}</p>
      ) : (
        <>
          <p className="herald-state-title">{translator.text(TITLES[kind])}</p>
          <p>{translator.text(TEXTS[kind])}</p>
        </>
      )}
      {kind === 'signed-out' ? (
        onSignIn ? (
          <button type="button" className="herald-button" data-primary onClick={onSignIn}>
            {translator.text('signIn')}
          </button>
        ) : (
          retry
        )
      ) : null}
    </div>
  );
}

const TITLES = { empty: 'emptyTitle', offline: 'offlineTitle', 'signed-out': 'signedOutTitle' } as const;
const TEXTS = { empty: 'emptyText', offline: 'errorConnection', 'signed-out': 'signedOutText' } as const;
