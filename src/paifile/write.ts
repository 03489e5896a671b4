import type { Cluster } from '../cluster/model.js';
import type { LocalTask } from '../model/local.js';
import type { Operation } from '../model/operation.js';
import { didYouMean } from '../model/suggest.js';
import type { Action, Need } from '../model/target.js';
import {
  type Collection,
  type EachOptions,
  GroupRef,
  type Language,
  type Named,
  type Needed,
  Order,
  type Paifile,
  type ProjectFolders,
  Reference,
  type TargetOptions,
  TargetRef,
} from './language.js';

/** What `target` and `each` are given. */
export type Work = Action | LocalTask;

/** One target as it was written. */
export interface Written {
  readonly name: string;
  readonly work: Work;
  readonly description: string;
  readonly options: Omit<TargetOptions, 'description' | 'needs'>;
  readonly needed: readonly Needed[];
}

/** What a paifile is given to write with. */
export interface Surroundings {
  /** Asked when the paifile asks. */
  readonly cluster: () => Cluster;
  readonly project: ProjectFolders;
}

/** Is told what a paifile writes, while it writes it. */
export interface Listener {
  target(written: Written): void;
  group(name: string, description: string, members: readonly Reference[]): void;
  operations(operations: readonly Operation[]): void;
  /** Options as they were given to `target` or `each`: they may have any fields. */
  options(what: string, options: object, kind: 'target' | 'each'): void;
  /** A collection was asked for a target that it does not have. */
  unknown(target: string, message: string): void;
  /** The function given to paifile() returned a promise. */
  async(): void;
}

/** Runs a paifile's declarations. What the paifile itself throws passes through. */
export function write(paifile: Paifile, { cluster, project }: Surroundings, listener: Listener): void {
  const writing = new Writing(listener);
  const returned: unknown = paifile.write({
    get cluster() {
      return cluster();
    },
    project,
    target: (name, work, options) => writing.target(name, work, options),
    each: (prefix, items, work, options) => writing.each(prefix, items, work, options),
    group: (name, description, members) => writing.group(name, description, members),
    after: (...references) => new Order(references),
    operations: (operations) => listener.operations(operations),
    $: (pieces, ...values) => ({ pieces: [...pieces], values }),
  } satisfies Language);
  if (!(returned instanceof Promise)) return;
  // Nobody waits for it, so its failure must not end the process.
  returned.catch(() => undefined);
  listener.async();
}

/**
 * What a target needs, in order of first mention: one need a target; a need proper outweighs an `after` of the same target. `unfit` is asked for
 * the targets of what is no reference: the types forbid it, but a paifile is run without a look at its types.
 */
export function needsOf(needed: readonly Needed[], unfit: (thing: unknown) => readonly string[]): Need[] {
  const needs: Need[] = [];
  for (const one of needed) {
    const order = one instanceof Order;
    for (const target of order || one instanceof Reference ? one.targets : unfit(one)) {
      needs.push({ target, order });
    }
  }
  return needs.length < 2 ? needs : onceEach(needs);
}

/** Up to so many needs are compared with each other; more are looked up. */
const FEW = 8;

function onceEach(needs: Need[]): Need[] {
  if (needs.length <= FEW && !needs.some(({ target }, index) => isAmong(needs, target, index))) return needs;
  const byTarget = new Map<string, Need>();
  for (const need of needs) {
    if (!need.order || !byTarget.has(need.target)) byTarget.set(need.target, need);
  }
  return [...byTarget.values()];
}

function isAmong(needs: readonly Need[], target: string, before: number): boolean {
  for (let index = 0; index < before; index++) if (needs[index]?.target === target) return true;
  return false;
}

class Writing {
  readonly #listener: Listener;

  constructor(listener: Listener) {
    this.#listener = listener;
  }

  target(name: string, work: Work | (() => Work), options: TargetOptions = {}): TargetRef {
    this.#listener.options(`target ${name}`, options, 'target');
    const made = typeof work === 'function' ? work() : work;
    const { description = '', needs = NONE } = options;
    this.#listener.target({ name, work: made, description, options, needed: needs });
    return new TargetRef(name);
  }

  each<Item extends Named>(
    prefix: string,
    items: readonly Item[],
    work: (item: Item) => Work,
    options: EachOptions<Item> = {},
  ): Collection<Item> {
    this.#listener.options(`each ${prefix}`, options, 'each');
    const { description = '', needs = NONE, name = (item: Item) => item.name } = options;
    const targetName = (item: Item) => `${prefix}:${name(item)}`;
    const collection = new ItemCollection(prefix, items.map(targetName), targetName, (target, message) =>
      this.#listener.unknown(target, message),
    );
    for (const item of items) {
      this.#listener.target({
        name: targetName(item),
        work: work(item),
        description: typeof description === 'function' ? description(item) : description,
        options,
        needed: typeof needs === 'function' ? needs(item, collection) : needs,
      });
    }
    const ofGroup = typeof description === 'string' && description !== '' ? description : `every ${prefix}`;
    this.group(options.group ?? prefix, ofGroup, [collection]);
    return collection;
  }

  group(name: string, description: string, members: readonly Reference[]): GroupRef {
    this.#listener.group(name, description, members);
    return new GroupRef(name, targetsOf(members));
  }
}

const NONE: readonly never[] = [];

/** Each target once; what is no reference has none. */
export function targetsOf(references: readonly Reference[]): readonly string[] {
  return [...new Set(references.flatMap((reference) => (reference instanceof Reference ? reference.targets : [])))];
}

/** The collection that `each` returns. */
class ItemCollection<Item extends Named> extends Reference implements Collection<Item> {
  readonly #names: ReadonlySet<string>;
  readonly #prefix: string;
  readonly #targetName: (item: Item) => string;
  readonly #problem: (target: string, message: string) => void;

  constructor(
    prefix: string,
    targets: readonly string[],
    targetName: (item: Item) => string,
    problem: (target: string, message: string) => void,
  ) {
    super(targets);
    this.#names = new Set(targets);
    this.#prefix = prefix;
    this.#targetName = targetName;
    this.#problem = problem;
  }

  of(item: Item): TargetRef {
    return this.#reference(this.#targetName(item));
  }

  named(name: string): TargetRef {
    return this.#reference(`${this.#prefix}:${name}`);
  }

  #reference(target: string): TargetRef {
    if (!this.#names.has(target)) {
      const hint = didYouMean(target, this.#names);
      this.#problem(target, `there is no target ${target} in this collection${hint === undefined ? '' : `; ${hint}`}`);
    }
    return new TargetRef(target);
  }
}
