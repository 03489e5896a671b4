import { PaiError } from '../model/errors.js';
import { didYouMean } from '../model/suggest.js';
import type { Action, Declaration, Group, Need, Target } from '../model/target.js';
import {
  type Collection,
  type EachOptions,
  GroupRef,
  type Language,
  type Named,
  type Needed,
  Order,
  type Paifile,
  Reference,
  type TargetOptions,
  TargetRef,
} from './language.js';

const DEFAULT_TIMEOUT_SECONDS = 1800;

/** Names must survive shells, globs and file names as they are. The part after the colon may be a host name. */
const TARGET_NAME = /^[a-z0-9][a-z0-9._-]*(:[A-Za-z0-9][A-Za-z0-9._-]*)?$/;
const GROUP_NAME = /^[a-z0-9][a-z0-9._-]*$/;

/** Tells where in the paifile an error was made, as `file:line:column`; undefined when that can't be told. */
export type Locate = (error: Error) => string | undefined;

/** What a paifile is given to declare with. */
export type Given = Pick<Language, 'cluster' | 'project'>;

/**
 * Runs a paifile's declarations against a cluster.
 * Throws PAIFILE_INVALID with all problems found; what the paifile itself throws passes through.
 */
export function declare(paifile: Paifile, given: Given, locate: Locate = () => undefined): Declaration {
  const declarations = new Declarations(locate);
  const returned: unknown = paifile.write({
    ...given,
    target: (name, action, options) => declarations.target(name, action, options),
    each: (prefix, items, action, options) => declarations.each(prefix, items, action, options),
    group: (name, description, members) => declarations.group(name, description, members),
    after: (...references) => new Order(references),
  } satisfies Language);
  if (returned instanceof Promise) {
    // Nobody waits for it, so its failure must not end the process.
    returned.catch(() => undefined);
    declarations.problem('the function given to paifile() must not be async');
  }
  return declarations.finish();
}

/** A target before its groups are known. */
type Draft = Omit<Target, 'groups'>;

interface Problem {
  readonly message: string;
  readonly where: string | undefined;
}

/** Collects what one paifile declares, and everything that is wrong with it. */
class Declarations {
  readonly #locate: Locate;
  readonly #targets = new Map<string, Draft>();
  readonly #groups = new Map<string, Group>();
  readonly #problems: Problem[] = [];

  constructor(locate: Locate) {
    this.#locate = locate;
  }

  problem(message: string): void {
    this.#problems.push({ message, where: this.#locate(new Error(message)) });
  }

  target(name: string, action: Action | (() => Action), options: TargetOptions = {}): TargetRef {
    this.#add(
      name,
      typeof action === 'function' ? action() : action,
      options.description ?? '',
      options,
      options.needs,
    );
    return new TargetRef(name);
  }

  each<Item extends Named>(
    prefix: string,
    items: readonly Item[],
    action: (item: Item) => Action,
    options: EachOptions<Item> = {},
  ): Collection<Item> {
    const { description = '', needs = [], name = (item: Item) => item.name } = options;
    const targetName = (item: Item) => `${prefix}:${name(item)}`;
    const collection = new ItemCollection(prefix, items.map(targetName), targetName, (message) =>
      this.problem(message),
    );
    for (const item of items) {
      this.#add(
        targetName(item),
        action(item),
        typeof description === 'function' ? description(item) : description,
        options,
        typeof needs === 'function' ? needs(item, collection) : needs,
      );
    }
    const ofGroup = typeof description === 'string' && description !== '' ? description : `every ${prefix}`;
    this.group(options.group ?? prefix, ofGroup, [collection]);
    return collection;
  }

  group(name: string, description: string, members: readonly Reference[]): GroupRef {
    if (!GROUP_NAME.test(name)) this.problem(`'${name}' can't be the name of a group`);
    else if (this.#groups.has(name)) this.problem(`group ${name} is declared twice`);
    const targets = [...new Set(this.#targetsOf(`group ${name}`, members))];
    this.#groups.set(name, { name, description, members: targets });
    return new GroupRef(name, targets);
  }

  finish(): Declaration {
    this.#throwProblems();
    const groups = [...this.#groups.values()];
    const groupsOf = new Map<string, string[]>([...this.#targets.keys()].map((name) => [name, []]));
    for (const group of groups) for (const member of group.members) groupsOf.get(member)?.push(group.name);
    const targets = [...this.#targets.values()].map((draft) => ({ ...draft, groups: groupsOf.get(draft.name) ?? [] }));
    return { targets, groups };
  }

  #add(
    name: string,
    action: Action,
    description: string,
    options: Omit<TargetOptions, 'description' | 'needs'>,
    needed: readonly Needed[] = [],
  ): void {
    const { rolling = false, timeoutSeconds = DEFAULT_TIMEOUT_SECONDS, retries = 0 } = options;
    const { confirm, pools = [], interactive = false } = options;
    if (!TARGET_NAME.test(name)) this.problem(`'${name}' can't be the name of a target`);
    else if (this.#targets.has(name)) this.problem(`target ${name} is declared twice`);
    if (!(timeoutSeconds > 0)) this.problem(`timeoutSeconds of ${name} must be more than 0, not ${timeoutSeconds}`);
    if (!Number.isInteger(retries) || retries < 0) this.problem(`retries of ${name} must be 0 or more, not ${retries}`);
    const through = [...new Set(this.#targetsOf(`through of ${name}`, options.through ?? []))];
    const needs = this.#needsOf(name, needed);
    this.#targets.set(name, {
      name,
      description,
      needs,
      through,
      rolling,
      timeoutSeconds,
      retries,
      pools,
      interactive,
      ...(confirm !== undefined && { confirm }),
      action,
    });
  }

  /** One need a target, in order of first mention; a need proper outweighs an `after` of the same target. */
  #needsOf(name: string, needed: readonly Needed[]): readonly Need[] {
    const needs = new Map<string, Need>();
    for (const one of needed) {
      const order = one instanceof Order;
      for (const target of order ? one.targets : this.#targetsOf(`needs of ${name}`, [one])) {
        needs.set(target, { target, order: order && (needs.get(target)?.order ?? true) });
      }
    }
    return [...needs.values()];
  }

  /** The types forbid anything else; a paifile is run without a look at its types. */
  #targetsOf(what: string, references: readonly Reference[]): readonly string[] {
    return references.flatMap((reference) => {
      if (reference instanceof Reference) return reference.targets;
      this.problem(`${what}: ${String(reference)} is not something that target, each or group returned`);
      return [];
    });
  }

  #throwProblems(): void {
    const [first, ...more] = this.#problems;
    if (first === undefined) return;
    const next = 'Correct paifile.ts (or the file named above).';
    if (more.length === 0) {
      throw new PaiError(
        'PAIFILE_INVALID',
        first.message,
        first.where === undefined ? { next } : { where: first.where, next },
      );
    }
    const details = this.#problems.map(({ message, where }) =>
      where === undefined ? message : `${where}: ${message}`,
    );
    throw new PaiError('PAIFILE_INVALID', `the paifile has ${details.length} problems`, { details, next });
  }
}

/** The collection that `each` returns. */
class ItemCollection<Item extends Named> extends Reference implements Collection<Item> {
  readonly #names: ReadonlySet<string>;
  readonly #prefix: string;
  readonly #targetName: (item: Item) => string;
  readonly #problem: (message: string) => void;

  constructor(
    prefix: string,
    targets: readonly string[],
    targetName: (item: Item) => string,
    problem: (message: string) => void,
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
      this.#problem(`there is no target ${target} in this collection${hint === undefined ? '' : `; ${hint}`}`);
    }
    return new TargetRef(target);
  }
}
