import type { Drivers } from '../model/drivers.js';
import { toPaiError } from '../model/errors.js';
import type { ActionContext } from '../model/target.js';
import type { Look } from '../plan/look.js';

/** Options of `createLook`. */
export interface LookOptions {
  /** Where progress told while looking goes; by default nowhere. */
  readonly log?: (target: string, line: string) => void;
  /** Ends looking. */
  readonly signal?: AbortSignal;
}

/** Looks at the world with the targets' own actions. */
export function createLook(drivers: Drivers, options: LookOptions = {}): Look {
  const signal = options.signal ?? new AbortController().signal;
  let key: Promise<Uint8Array | undefined> | undefined;

  function context(target: string, outputs: ReadonlyMap<string, string>): ActionContext {
    return { target, drivers, outputs, signal, log: (line) => options.log?.(target, line) };
  }

  return {
    prepare: (targets) => {
      const asked: Promise<void>[] = [];
      for (const { name, action } of targets) {
        if (action.prepare !== undefined) asked.push(action.prepare(context(name, new Map())));
      }
      return asked.length === 0 ? undefined : Promise.all(asked).then(() => undefined);
    },
    peek: ({ name, action }, outputs) => action.peek?.({ target: name, drivers, outputs }),
    observe: async (target) => {
      try {
        return await target.action.observe(context(target.name, new Map()));
      } catch (thrown) {
        return { kind: 'unknown', error: toPaiError(thrown) };
      }
    },
    desired: (target, outputs) => target.action.desired(context(target.name, outputs)),
    missing: async ({ name, action }) => action.missing?.(context(name, new Map())),
    fingerprintKey: async () => {
      key ??= drivers.pki.fingerprintKey();
      const asked = key;
      try {
        const found = await asked;
        // A run may make the key, so only its presence is remembered.
        if (found === undefined && key === asked) key = undefined;
        return found;
      } catch (thrown) {
        if (key === asked) key = undefined;
        throw thrown;
      }
    },
  };
}
