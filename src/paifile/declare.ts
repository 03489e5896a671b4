import type { Cluster } from '../cluster/model.js';
import { localAction } from '../local/local-action.js';
import { toWork } from '../local/task.js';
import type { LocalTask } from '../model/local.js';
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
  type ProjectFolders,
  Reference,
  type TargetOptions,
  TargetRef,
} from './language.js';

const DEFAULT_TIMEOUT_SECONDS = 1800;

const NONE: readonly never[] = [];

const COMMON_OPTIONS = [
  'through',
  'rolling',
  'timeoutSeconds',
  'retries',
  'pools',
  'confirm',
  'interactive',
  'description',
  'needs',
] as const satisfies readonly (keyof TargetOptions & keyof EachOptions<Named>)[];
const TARGET_OPTIONS: readonly (keyof TargetOptions)[] = COMMON_OPTIONS;
const EACH_OPTIONS: readonly (keyof EachOptions<Named>)[] = [...COMMON_OPTIONS, 'group', 'name'];

/** Names must survive shells, globs and file names as they are. The part after the colon may be a host name. */
const TARGET_NAME = /^[a-z0-9][a-z0-9._-]*(:[A-Za-z0-9][A-Za-z0-9._-]*)?$/;
const GROUP_NAME = /^[a-z0-9][a-z0-9._-]*$/;

/** Tells where in the paifile an error was made, as `file:line:column`; undefined when that can't be told. */
export type Locate = (error: Error) => string | undefined;

/** What a paifile is given to declare with. */
export interface Given {
  /** Asked when the paifile asks. */
  readonly cluster: () => Cluster;
  readonly project: ProjectFolders;
  /** Digest of the paifile and what it imports. */
  readonly code: string;
  /** Whether each target is told where it is declared, which costs time and is needed only to tell what is wrong. */
  readonly places?: boolean;
}

/** What a paifile declares, and everything that is wrong with it. */
export interface Declared {
  readonly declaration: Declaration;
  readonly problems: readonly Problem[];
}

/** Something wrong with a declaration, and where. */
export interface Problem {
  readonly message: string;
  /** `file:line:column`. */
  readonly where?: string;
}

/** Runs a paifile's declarations. What the paifile itself throws passes through. */
export function declare(paifile: Paifile, given: Given, locate: Locate = () => undefined): Declared {
  const declarations = new Declarations(given, locate);
  const returned: unknown = paifile.write({
    get cluster() {
      return given.cluster();
    },
    project: given.project,
    target: (name, work, options) => declarations.target(name, work, options),
    each: (prefix, items, work, options) => declarations.each(prefix, items, work, options),
    group: (name, description, members) => declarations.group(name, description, members),
    after: (...references) => new Order(references),
    $: (pieces, ...values) => ({ pieces: [...pieces], values }),
  } satisfies Language);
  if (returned instanceof Promise) {
    // Nobody waits for it, so its failure must not end the process.
    returned.catch(() => undefined);
    declarations.problem('the function given to paifile() must not be async');
  }
  return declarations.finish();
}

/** A target whose groups may still become more. */
type Draft = Target & { readonly groups: string[] };

/** Collects what one paifile declares, and everything that is wrong with it. */
class Declarations {
  readonly #locate: Locate;
  readonly #targets = new Map<string, Draft>();
  readonly #groups = new Map<string, Group>();
  readonly #problems: Problem[] = [];
  /** Names that collections were asked for and do not have. */
  readonly #unknown = new Set<string>();
  readonly #given: Given;

  constructor(given: Given, locate: Locate) {
    this.#given = given;
    this.#locate = locate;
  }

  problem(message: string): void {
    const where = this.#locate(new Error(message));
    this.#problems.push(where === undefined ? { message } : { message, where });
  }

  target(name: string, work: Work | (() => Work), options: TargetOptions = {}): TargetRef {
    checkOptions(`target ${name}`, options, TARGET_OPTIONS, (message) => this.problem(message));
    this.#add(name, typeof work === 'function' ? work() : work, options.description ?? '', options, options.needs);
    return new TargetRef(name);
  }

  each<Item extends Named>(
    prefix: string,
    items: readonly Item[],
    work: (item: Item) => Work,
    options: EachOptions<Item> = {},
  ): Collection<Item> {
    checkOptions(`each ${prefix}`, options, EACH_OPTIONS, (message) => this.problem(message));
    const { description = '', needs = [], name = (item: Item) => item.name } = options;
    const targetName = (item: Item) => `${prefix}:${name(item)}`;
    const collection = new ItemCollection(prefix, items.map(targetName), targetName, (target, message) => {
      this.#unknown.add(target);
      this.problem(message);
    });
    for (const item of items) {
      this.#add(
        targetName(item),
        work(item),
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

  finish(): Declared {
    const groups = [...this.#groups.values()];
    for (const group of groups) for (const member of group.members) this.#targets.get(member)?.groups.push(group.name);
    return { declaration: { targets: [...this.#targets.values()], groups }, problems: this.#problems };
  }

  #add(
    name: string,
    work: Work,
    description: string,
    options: Omit<TargetOptions, 'description' | 'needs'>,
    needed: readonly Needed[] = NONE,
  ): void {
    const { rolling = false, timeoutSeconds = DEFAULT_TIMEOUT_SECONDS, retries = 0 } = options;
    const { confirm, pools = NONE, interactive = false } = options;
    if (!TARGET_NAME.test(name)) this.problem(`'${name}' can't be the name of a target`);
    else if (this.#targets.has(name)) this.problem(`target ${name} is declared twice`);
    if (!(timeoutSeconds > 0)) this.problem(`timeoutSeconds of ${name} must be more than 0, not ${timeoutSeconds}`);
    if (!Number.isInteger(retries) || retries < 0) this.problem(`retries of ${name} must be 0 or more, not ${retries}`);
    const through =
      options.through === undefined ? NONE : [...new Set(this.#targetsOf(`through of ${name}`, options.through))];
    const needs = this.#needsOf(name, needed);
    const target = {
      name,
      description,
      groups: [],
      needs,
      through,
      rolling,
      timeoutSeconds,
      retries,
      pools,
      interactive,
      action: this.#actionOf(name, work),
    };
    const where = this.#place();
    const told = where === undefined ? target : { ...target, where };
    this.#targets.set(name, confirm === undefined ? told : { ...told, confirm });
  }

  /** One need a target, in order of first mention; a need proper outweighs an `after` of the same target. */
  #needsOf(name: string, needed: readonly Needed[]): readonly Need[] {
    const needs: Need[] = [];
    const indexes = new Map<string, number>();
    for (const one of needed) {
      const order = one instanceof Order;
      for (const target of order || one instanceof Reference
        ? one.targets
        : this.#targetsOf(`needs of ${name}`, [one])) {
        // Told already, where it was asked for.
        if (this.#unknown.has(target)) continue;
        const index = indexes.get(target);
        if (index === undefined) indexes.set(target, needs.push({ target, order }) - 1);
        else if (!order) needs[index] = { target, order };
      }
    }
    return needs;
  }

  /** The types forbid anything else; a paifile is run without a look at its types. */
  #targetsOf(what: string, references: readonly Reference[]): readonly string[] {
    return references.flatMap((reference) => {
      if (reference instanceof Reference) return reference.targets;
      this.problem(`${what}: ${String(reference)} is not something that target, each or group returned`);
      return [];
    });
  }

  #actionOf(name: string, work: Work): Action {
    if (isAction(work)) return work;
    const { project, code } = this.#given;
    const problem = (message: string): void => this.problem(`${name}: ${message}`);
    return localAction(toWork(work, { root: project.root, code, problem }));
  }

  #place(): string | undefined {
    return this.#given.places === true ? this.#locate(new Error('declared here')) : undefined;
  }
}

/** What `target` and `each` are given. */
type Work = Action | LocalTask;

function isAction(work: Work): work is Action {
  return 'observe' in work;
}

/** The types forbid anything else; a paifile is run without a look at its types. */
function checkOptions(
  what: string,
  options: object,
  known: readonly string[],
  problem: (message: string) => void,
): void {
  for (const option in options) {
    if (known.includes(option)) continue;
    const hint = didYouMean(option, known);
    problem(`${what} has no option ${option}${hint === undefined ? '' : `; ${hint}`}`);
  }
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
