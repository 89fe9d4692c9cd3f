/** The app that the console's own sends are recorded under, one for each workspace. */
export const CONSOLE_APP_NAME = 'Console';

/** Its id. It has no key: operators send as it. */
export const consoleAppId = (workspace: string): string => `app_console_${workspace}`;
