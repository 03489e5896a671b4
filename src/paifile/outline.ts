import { hasKnownFields, textOfTask } from '../local/task.js';
import type { Group, Need, Target } from '../model/target.js';
import { isAction, isCount, isTime, OPTIONS } from './declare.js';
import { type Needed, type Paifile, Reference, TargetRef } from './language.js';
import { type Listener, needsOf, type Surroundings, targetsOf, type Written, write } from './write.js';

/** What a paifile declares, as far as it decides which targets are fresh. */
export interface Outline {
  /** Equal for equal declarations: then their checks have the same result, and so has the order of their targets. */
  readonly text: string;
  /** Names of the environment variables that tasks name, sorted. */
  readonly env: readonly string[];
}

/** What an outline is made with besides the paifile. */
export interface OutlineOptions extends Surroundings {
  /** Digest of the paifile and what it imports. */
  readonly code: string;
}

/**
 * Runs a paifile's declarations and only notes what they say, in a fraction of the time that it takes to check it. Undefined for
 * what has to be checked: when something is wrong, or there is anything but work on files of the project without tools. What the
 * paifile itself throws passes through.
 */
export function outline(paifile: Paifile, given: OutlineOptions): Outline | undefined {
  const notes = new Notes(given.code);
  write(paifile, given, notes);
  return notes.finish();
}

/** The outline of declarations that were found right; undefined where `outline` gives none. */
export function outlineOf(
  { targets, groups }: { readonly targets: Iterable<Target>; readonly groups: Iterable<Group> },
  code: string,
): Outline | undefined {
  const lines = new Lines(code);
  for (const { name, needs, through, manual, action } of targets) {
    if (action.local === undefined || action.local.task.tools !== undefined || through.length > 0) return undefined;
    const first = JSON.stringify([name, needs.map(nameOf)]);
    lines.target(`${first.slice(0, -1)},${action.local.written.slice(1)}`, action.local.task.env);
    if (manual) lines.manual(name);
  }
  for (const { name, members } of groups) lines.group(name, members);
  return lines.finish();
}

class Lines {
  readonly #targets: string[] = [];
  readonly #groups: string[] = [];
  readonly #manual: string[] = [];
  readonly #env = new Set<string>();
  readonly #code: string;

  constructor(code: string) {
    this.#code = code;
  }

  /** `text`: a list in JSON, of its name, its needs and then its task. */
  target(text: string, env: readonly string[] | undefined): void {
    this.#targets.push(text);
    if (env !== undefined) for (const variable of env) this.#env.add(variable);
  }

  manual(name: string): void {
    this.#manual.push(name);
  }

  group(name: string, members: readonly string[]): void {
    this.#groups.push(JSON.stringify([name, members]));
  }

  finish(): Outline {
    // What JSON gives has no line feed.
    const text = [this.#code, ...this.#targets, '', ...this.#groups, '', ...this.#manual].join('\n');
    return { text, env: [...this.#env].sort() };
  }
}

/** Up to so many names are compared with each other. */
const FEW = 8;

const KNOWN = { target: new Set<string>(OPTIONS.target), each: new Set<string>(OPTIONS.each) };

class Notes implements Listener {
  readonly #code: string;
  readonly #lines: Lines;
  #fit = true;

  constructor(code: string) {
    this.#code = code;
    this.#lines = new Lines(code);
  }

  finish(): Outline | undefined {
    return this.#fit ? this.#lines.finish() : undefined;
  }

  options(_: string, options: object, kind: 'target' | 'each'): void {
    const known = KNOWN[kind];
    for (const option in options) if (!known.has(option)) this.#fit = false;
  }

  target({ name, work, options: { through, timeoutSeconds = 1, retries = 0, manual }, needed }: Written): void {
    const plain = !isAction(work) && work.tools === undefined && hasKnownFields(work);
    if (!plain || through !== undefined || !isTime(timeoutSeconds) || !isCount(retries)) {
      this.#fit = false;
      return;
    }
    const needs = targetsIn(needed) ?? needsOf(needed, this.#unfit).map(nameOf);
    this.#lines.target(textOfTask(work, this.#code, name, needs), work.env);
    if (manual === true) this.#lines.manual(name);
  }

  group(name: string, _: string, members: readonly Reference[]): void {
    if (!members.every((member) => member instanceof Reference)) this.#fit = false;
    this.#lines.group(name, targetsOf(members));
  }

  /** What a run does is not in them. */
  operations(): void {}

  readonly unknown = (): void => {
    this.#fit = false;
  };

  readonly async = (): void => {
    this.#fit = false;
  };

  readonly #unfit = (): readonly string[] => {
    this.#fit = false;
    return [];
  };
}

/** How a need is called in an outline. */
function nameOf({ target, order }: Need): string {
  return order ? `after ${target}` : target;
}

/** Names of what is needed, when that is just targets, few and each once, as is usual. */
function targetsIn(needed: readonly Needed[]): string[] | undefined {
  const names: string[] = [];
  if (needed.length > FEW) return undefined;
  for (const one of needed) {
    if (!(one instanceof TargetRef) || names.includes(one.name)) return undefined;
    names.push(one.name);
  }
  return names;
}
