import path from 'node:path';
import type { Drivers, PayloadFile, PkiDriver } from '../model/drivers.js';
import type { Action, ActionContext } from '../model/target.js';
import { filesAction } from './files-action.js';

/** Files to write for people to read. */
export interface RenderedSpec {
  /** Absolute; what is written is below it, and its stamp beside it. */
  readonly folder: string;
  /** The actions whose files these are, by the names of their targets. Where two have a file of one path, the later one is written. */
  readonly actions: Readonly<Record<string, Action>>;
}

/**
 * Writes what actions would give to hosts, images or Kubernetes to a folder on the dev box, modes kept. Asks nobody: of the keys of `pki`,
 * and of what other targets would give them (an image's digest), they get the name in angle brackets, `<ca.key>`, `<image:pylon>`. So
 * the same configuration and templates give the same bytes everywhere.
 */
export function renderedAction({ folder, actions }: RenderedSpec): Action {
  return filesAction({
    stampPath: path.join(path.dirname(folder), `.${path.basename(folder)}.json`),
    ownKey: true,
    async files(context) {
      const found = new Map<string, PayloadFile>();
      for (const [target, action] of Object.entries(actions)) {
        const files = (await action.files?.(named(context, target))) ?? [];
        for (const file of files) found.set(file.path, file);
      }
      return [...found.values()].map((file) => ({ ...file, path: path.join(folder, file.path) }));
    },
  });
}

/** The context of another target, in which all that only a run can know is a name. */
function named(context: ActionContext, target: string): ActionContext {
  return { ...context, target, drivers: withNames(context.drivers), outputs: new Names() };
}

/** Has a value for every name: the name itself, in angle brackets. */
class Names extends Map<string, string> {
  override get(name: string): string {
    return `<${name}>`;
  }

  override has(): boolean {
    return true;
  }
}

function withNames(drivers: Drivers): Drivers {
  const refuse = (): never => {
    throw new Error('what is only rendered has no keys');
  };
  const pki: PkiDriver = {
    material: async () => new Names(),
    create: refuse,
    keepLocal: refuse,
    issue: refuse,
    fingerprintKey: refuse,
    digest: refuse,
    writeStamp: refuse,
    // Of a set that was just made: what is rendered does not depend on what was done to one.
    renewal: async () => ({ generation: 0, renewed: 0 }),
    renew: refuse,
    rotate: refuse,
    remove: refuse,
  };
  return { ...drivers, pki };
}
