/** The environment as it is, for what passes it on: PATH look-ups and child processes. Settings come from `loadSettings`. */
export type Environment = Readonly<Record<string, string | undefined>>;

export const processEnvironment = (): Environment => process.env;
