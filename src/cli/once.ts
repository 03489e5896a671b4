/** Makes a thing at the first call and keeps it. */
export interface Once<Thing> {
  (): Promise<Thing>;
  /** The thing if it was ever asked for and could be made. */
  made(): Promise<Thing | undefined>;
}

/** A thing that is made when it is first asked for. */
export function once<Thing>(make: () => Promise<Thing>): Once<Thing> {
  let thing: Promise<Thing> | undefined;
  const get = () => {
    thing ??= make();
    return thing;
  };
  return Object.assign(get, { made: async () => thing?.catch(() => undefined) });
}
