/** How a role's entry is run: alone, or as a part of `npm start`. */
export interface RunOptions {
  /** `all`: the gateway runs the subgraphs in its process, the dispatcher the scheduler. */
  readonly mode: 'single' | 'all';
}

/** Whether something that is `auto` is on: it is for `npm start`, and is not for a single role. */
export const isOn = (setting: 'auto' | 'on' | 'off', { mode }: RunOptions): boolean =>
  setting === 'on' || (setting === 'auto' && mode === 'all');
