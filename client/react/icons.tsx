import type { ReactNode } from 'react';

/** Drawn in a box of 24, in the colour of the text. Hidden from assistive technology: what has one is named. */
function Icon({ path }: { readonly path: string }): ReactNode {
  return (
    <svg
      className="herald-icon"
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.8"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      <path d={path} />
    </svg>
  );
}

export const BellIcon = (): ReactNode => (
  <Icon path="M18 9a6 6 0 1 0-12 0c0 6-2.5 7.5-2.5 7.5h17S18 15 18 9M10 20a2.2 2.2 0 0 0 4 0" />
);
export const ReadIcon = (): ReactNode => <Icon path="m5 12.5 4.5 4.5L19 7.5" />;
export const UnreadIcon = (): ReactNode => <Icon path="M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8" />;
export const ArchiveIcon = (): ReactNode => <Icon path="M4 5h16v4H4zM5.5 9v10h13V9M10 13h4" />;
export const AllReadIcon = (): ReactNode => <Icon path="m2.5 12.5 4.5 4.5 9-9.5M12 16l1 1 8.5-9.5" />;
export const CloseIcon = (): ReactNode => <Icon path="m6 6 12 12M18 6 6 18" />;
export const OfflineIcon = (): ReactNode => (
  <Icon path="M3 3l18 18M8.5 15.5a5 5 0 0 1 5.5-1M5 12a10 10 0 0 1 4-2.4M13 8.6a10 10 0 0 1 6 3.4M2 8.5a15 15 0 0 1 4-2.4M11 5a15 15 0 0 1 11 3.5M12 19h.01" />
);
export const LockIcon = (): ReactNode => <Icon path="M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3" />;
export const WarningIcon = (): ReactNode => <Icon path="M12 4 2.5 20h19zM12 10v4.5M12 17.2h.01" />;
