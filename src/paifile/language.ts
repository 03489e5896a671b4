import type { Cluster } from '../cluster/model.js';
import type { CommandValue, LocalCommand, LocalTask } from '../model/local.js';
import type { Operation } from '../model/operation.js';
import type { Action, PoolUse } from '../model/target.js';

/**
 * What a paifile is written in. Work on files of the project is data:
 *
 *     export default paifile(({ target, $ }) => {
 *       const generate = target('generate', { inputs: ['schema/*.json'], outputs: ['src/types.ts'], run: $`node generate.js` });
 *       target('compile', { inputs: ['src/**'], outputs: ['dist/**'], run: $`node build.js` }, { needs: [generate] });
 *     });
 *
 * Work on a cluster is an action that a driver makes:
 *
 *     export default paifile(({ cluster, target, each, group, after }) => {
 *       const pki   = target('pki', () => certificates(cluster), { description: 'certificate authorities' });
 *       const hosts = each('host', cluster.hosts, (host) => prepareHost(host), { group: 'hosts' });
 *       each('worker', cluster.workers, (host) => workerNode(host), {
 *         group: 'workers',
 *         needs: (host) => [pki, after(hosts.of(host))],
 *       });
 *     });
 *
 * Needs are values, so one that is misspelt does not compile.
 */
export interface Language {
  /** The validated configuration. A paifile that does not ask for it needs none: its files are read at the first use. */
  readonly cluster: Cluster;
  /** Where the project is on this machine, for what is made here. */
  readonly project: ProjectFolders;
  /** Declares one target: work on files of the project, or an action. */
  readonly target: <Work extends Action | LocalTask>(
    name: string,
    work: Known<Work> | (() => Known<Work>),
    options?: TargetOptions,
  ) => TargetRef;
  /**
   * Declares one target `prefix:<name>` for each item, and a group of them all. The work is made at once, item by item;
   * making it must be cheap (what it does happens in its functions).
   */
  readonly each: <Item extends Named, Work extends Action | LocalTask>(
    prefix: string,
    items: readonly Item[],
    work: (item: Item) => Known<Work>,
    options?: EachOptions<Item>,
  ) => Collection<Item>;
  /** Declares a name for several targets: what people type, and what others may need. */
  readonly group: (name: string, description: string, members: readonly Reference[]) => GroupRef;
  /** In `needs`: comes first, but a change of it does not make this target stale. */
  readonly after: (...references: Reference[]) => Order;
  /** Declares what people do to the cluster now and then: `pai etcd fix`. */
  readonly operations: (operations: readonly Operation[]) => void;
  /**
   * Records a command for a task; nothing is run here. Its text and values enter the fingerprint as they are. Bash runs it, in
   * the project's root, and stops at the first failure (`set -euo pipefail`); values are quoted, lists are several words.
   */
  readonly $: (pieces: TemplateStringsArray, ...values: readonly CommandValue[]) => LocalCommand;
}

/** Work as it was written; a field that neither an action nor a task has does not compile, not even in a function's result. */
export type Known<Work extends Action | LocalTask> = Work & {
  readonly [Field in Exclude<keyof Work, keyof Action | keyof LocalTask>]: never;
};

/** Absolute paths. */
export interface ProjectFolders {
  /** The folder of `paifile.ts`. */
  readonly root: string;
  /** `.cache`: for local output and its stamps. Deleted at any time, it is made again. */
  readonly cache: string;
}

/** What `each` takes its targets' names from. */
export interface Named {
  readonly name: string;
}

/** One or more targets that others can need: a target, a collection or a group. */
export class Reference {
  readonly #targets: readonly string[];

  constructor(targets: readonly string[]) {
    this.#targets = targets;
  }

  /** Names of the targets that it stands for. */
  get targets(): readonly string[] {
    return this.#targets;
  }
}

/** One target. */
export class TargetRef extends Reference {
  readonly name: string;

  constructor(name: string) {
    super([name]);
    this.name = name;
  }
}

/** A group. */
export class GroupRef extends Reference {
  readonly name: string;

  constructor(name: string, targets: readonly string[]) {
    super(targets);
    this.name = name;
  }
}

/** The targets that one `each` declared. Needing the collection itself needs them all. */
export interface Collection<Item extends Named> extends Reference {
  /** The target of one item. An item that the collection was not made from is an error of the paifile. */
  of(item: Item): TargetRef;
  /** The target of the item with this name. A name that is not there is an error of the paifile. */
  named(name: string): TargetRef;
}

/** Made by `after`. */
export class Order {
  readonly #references: readonly Reference[];

  constructor(references: readonly Reference[]) {
    this.#references = references;
  }

  get targets(): readonly string[] {
    return this.#references.flatMap((reference) => reference.targets);
  }
}

/** What `needs` takes: a value that `target`, `each`, `group` or `after` returned. */
export type Needed = Reference | Order;

interface CommonOptions {
  /**
   * Targets through which this one is looked at (services through masters). It comes after them, and while one of them is
   * not fresh, it is not asked.
   */
  readonly through?: readonly Reference[];
  /**
   * True: all together while none of the group was ever applied, later one at a time; each member can do the work of the others.
   * `batches`: those that are well in batches of `--batch`, those that are not before them, those that are new at any time. False unless told.
   */
  readonly rolling?: boolean | 'batches';
  /** Seconds after which the action is cancelled; 1800 unless told. */
  readonly timeoutSeconds?: number;
  /** How often the action is tried again after any failure; 0 unless told. */
  readonly retries?: number;
  /** Occupied while it runs, besides what the action itself names: `cpu`, or `{ pool: 'cpu', weight: 2 }`. */
  readonly pools?: readonly PoolUse[];
  /** A question that has to be answered with yes before it runs or is cleaned; `--yes` answers it. */
  readonly confirm?: string;
  /** The action talks to the person at the terminal. */
  readonly interactive?: boolean;
  /** Only who names it, its group or what needs it means it: `*` and a command without targets leave it out. */
  readonly manual?: boolean;
}

/** Options of `target`. */
export interface TargetOptions extends CommonOptions {
  /** A few words for `pai list`. */
  readonly description?: string;
  readonly needs?: readonly Needed[];
}

/** Options of `each`. */
export interface EachOptions<Item extends Named> extends CommonOptions {
  /** Name of the group of all these targets; the prefix unless told. */
  readonly group?: string;
  /** A few words for `pai list`: of the group, and of each target unless it is a function. */
  readonly description?: string | ((item: Item) => string);
  /** What every one needs, or what one item's target needs; `own` is the collection that is being declared. */
  readonly needs?: readonly Needed[] | ((item: Item, own: Collection<Item>) => readonly Needed[]);
  /** What comes after the colon; `item.name` unless told. */
  readonly name?: (item: Item) => string;
}

/** A paifile's default export. */
export interface Paifile {
  readonly write: (language: Language) => void;
}

/** Wraps the declarations of a paifile: `export default paifile(({ cluster, target, each, group, after }) => { ... })`. */
export function paifile(write: (language: Language) => void): Paifile {
  return { write };
}
