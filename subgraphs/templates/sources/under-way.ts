/** Told what is worked on next, as a field of the input (`contents.2.html`): who waits can say where it got stuck. */
export type UnderWay = (field: string) => void;

/** For those who do not ask. */
export const untold: UnderWay = () => undefined;
