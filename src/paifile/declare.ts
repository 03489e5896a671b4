import { localAction } from '../local/local-action.js';
import { toWork } from '../local/task.js';
import type { Operation } from '../model/operation.js';
import { didYouMean } from '../model/suggest.js';
import type { Action, Declaration, Group, Need, Target } from '../model/target.js';
import { type EachOptions, type Named, type Needed, type Paifile, Reference, type TargetOptions } from './language.js';
import { type Listener, needsOf, type Surroundings, type Work, type Written, write } from './write.js';

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
  'manual',
  'description',
  'needs',
] as const satisfies readonly (keyof TargetOptions & keyof EachOptions<Named>)[];
/** What `target` and `each` may be told. */
export const OPTIONS: Readonly<{
  target: readonly (keyof TargetOptions)[];
  each: readonly (keyof EachOptions<Named>)[];
}> = { target: COMMON_OPTIONS, each: [...COMMON_OPTIONS, 'group', 'name'] };

/** Names must survive shells, globs and file names as they are. The part after the colon may be a host name. */
const TARGET_NAME = /^[a-z0-9][a-z0-9._-]*(:[A-Za-z0-9][A-Za-z0-9._-]*)?$/;
const GROUP_NAME = /^[a-z0-9][a-z0-9._-]*$/;
/** A command, or a command and its action. */
const OPERATION_NAME = /^[a-z][a-z-]*( [a-z][a-z-]*)?$/;

/** Tells where in the paifile an error was made, as `file:line:column`; undefined when that can't be told. */
export type Locate = (error: Error) => string | undefined;

/** What a paifile is given to declare with. */
export interface Given extends Surroundings {
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
  write(paifile, given, declarations);
  return declarations.finish();
}

/** A target whose groups may still become more. */
type Draft = Target & { readonly groups: string[] };

/** Collects what one paifile declares, and everything that is wrong with it. */
class Declarations implements Listener {
  readonly #locate: Locate;
  readonly #targets = new Map<string, Draft>();
  readonly #groups = new Map<string, Group>();
  readonly #operations = new Map<string, Operation>();
  readonly #problems: Problem[] = [];
  /** Names that collections were asked for and do not have. */
  readonly #unknown = new Set<string>();
  readonly #given: Given;

  constructor(given: Given, locate: Locate) {
    this.#given = given;
    this.#locate = locate;
  }

  options(what: string, options: object, kind: 'target' | 'each'): void {
    const known: readonly string[] = OPTIONS[kind];
    for (const option in options) {
      if (known.includes(option)) continue;
      const hint = didYouMean(option, known);
      this.#problem(`${what} has no option ${option}${hint === undefined ? '' : `; ${hint}`}`);
    }
  }

  target({ name, work, description, options, needed }: Written): void {
    const { rolling = false, timeoutSeconds = DEFAULT_TIMEOUT_SECONDS, retries = 0 } = options;
    const { confirm, pools = NONE, interactive = false, manual = false } = options;
    if (!TARGET_NAME.test(name)) this.#problem(`'${name}' can't be the name of a target`);
    else if (this.#targets.has(name)) this.#problem(`target ${name} is declared twice`);
    if (!isTime(timeoutSeconds)) {
      this.#problem(`timeoutSeconds of ${name} must be more than 0, not ${timeoutSeconds}`);
    }
    if (!isCount(retries)) this.#problem(`retries of ${name} must be 0 or more, not ${retries}`);
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
      manual,
      action: this.#actionOf(name, work),
    };
    const where = this.#place();
    const told = where === undefined ? target : { ...target, where };
    this.#targets.set(name, confirm === undefined ? told : { ...told, confirm });
  }

  group(name: string, description: string, members: readonly Reference[]): void {
    if (!GROUP_NAME.test(name)) this.#problem(`'${name}' can't be the name of a group`);
    else if (this.#groups.has(name)) this.#problem(`group ${name} is declared twice`);
    const targets = [...new Set(this.#targetsOf(`group ${name}`, members))];
    this.#groups.set(name, { name, description, members: targets });
  }

  operations(operations: readonly Operation[]): void {
    for (const operation of operations) {
      if (!OPERATION_NAME.test(operation.name)) this.#problem(`'${operation.name}' can't be the name of an operation`);
      else if (this.#operations.has(operation.name)) this.#problem(`operation ${operation.name} is declared twice`);
      this.#operations.set(operation.name, operation);
    }
  }

  unknown(target: string, message: string): void {
    this.#unknown.add(target);
    this.#problem(message);
  }

  async(): void {
    this.#problem('the function given to paifile() must not be async');
  }

  finish(): Declared {
    const groups = [...this.#groups.values()];
    for (const group of groups) for (const member of group.members) this.#targets.get(member)?.groups.push(group.name);
    const operations = [...this.#operations.values()];
    return { declaration: { targets: [...this.#targets.values()], groups, operations }, problems: this.#problems };
  }

  #problem(message: string): void {
    const where = this.#locate(new Error(message));
    this.#problems.push(where === undefined ? { message } : { message, where });
  }

  #needsOf(name: string, needed: readonly Needed[]): readonly Need[] {
    const needs = needsOf(needed, (thing) => this.#targetsOf(`needs of ${name}`, [thing]));
    // Told already, where it was asked for.
    return this.#unknown.size === 0 ? needs : needs.filter(({ target }) => !this.#unknown.has(target));
  }

  /** The types forbid anything else; a paifile is run without a look at its types. */
  #targetsOf(what: string, references: readonly unknown[]): readonly string[] {
    return references.flatMap((reference) => {
      if (reference instanceof Reference) return reference.targets;
      this.#problem(`${what}: ${String(reference)} is not something that target, each or group returned`);
      return [];
    });
  }

  #actionOf(name: string, work: Work): Action {
    if (isAction(work)) return work;
    const { project, code } = this.#given;
    const problem = (message: string): void => this.#problem(`${name}: ${message}`);
    return localAction(toWork(work, { root: project.root, code, problem }));
  }

  #place(): string | undefined {
    return this.#given.places === true ? this.#locate(new Error('declared here')) : undefined;
  }
}

/** Whether work is an action of a driver. */
export function isAction(work: Work): work is Action {
  return 'observe' in work;
}

/** Whether it can be a time-out. */
export function isTime(seconds: number): boolean {
  return seconds > 0;
}

/** Whether it can be a number of retries. */
export function isCount(count: number): boolean {
  return Number.isInteger(count) && count >= 0;
}
