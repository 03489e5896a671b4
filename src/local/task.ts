import path from 'node:path';
import type { LocalCommand, LocalTask, LocalWork } from '../model/local.js';
import { didYouMean } from '../model/suggest.js';
import { isFileGlob, parsePattern } from './pattern.js';

const FIELDS: readonly (keyof LocalTask)[] = ['inputs', 'outputs', 'env', 'tools', 'values', 'cache', 'run'];

const KNOWN_FIELDS: ReadonlySet<string> = new Set(FIELDS);

/** Something in a path that has to be looked at closely: absolute, `.` and `..`, a glob, a name that is taken away. */
const SPECIAL = /^[/!]|[*?[{\\\n]|(^|\/)\.{0,2}(\/|$)/;

/** What a task is told with: `problem` for each thing that is wrong with it. */
export interface TaskOptions {
  /** The project's root, absolute. */
  readonly root: string;
  /** Digest of the paifile and what it imports. */
  readonly code: string;
  readonly problem: (message: string) => void;
}

/** Checks a task and brings its paths into one form. Problems are told; the result is whole all the same. */
export function toWork(task: LocalTask, { root, code, problem }: TaskOptions): LocalWork {
  checkFields(task, problem);
  const inputs = task.inputs === undefined ? undefined : normalize(task.inputs, root, 'input', problem);
  const outputs = task.outputs === undefined ? undefined : normalize(task.outputs, root, 'output', problem);
  const written = textOfTask(task, code);
  const same = (inputs?.same ?? true) && (outputs?.same ?? true);
  const declared = same
    ? written
    : textOfTask(
        { ...task, ...(inputs && { inputs: inputs.paths }), ...(outputs && { outputs: outputs.paths }) },
        code,
      );
  return {
    task,
    inputs: inputs?.paths,
    plain: inputs?.plain ?? true,
    outputs: outputs?.paths,
    plainOutputs: outputs?.plain ?? true,
    declared,
    written,
    code,
  };
}

/** Whether a task has only fields that tasks have. */
export function hasKnownFields(task: object): boolean {
  for (const field in task) if (!KNOWN_FIELDS.has(field)) return false;
  return true;
}

/**
 * Everything of a task that decides whether it is fresh, as a list in JSON. `code`: the digest of the paifile, which stands for a function.
 * `first`: what comes first in the list.
 */
export function textOfTask(task: LocalTask, code: string, ...first: readonly unknown[]): string {
  const { inputs, outputs, env, tools, values, run } = task;
  return JSON.stringify([...first, inputs, outputs, env, tools, values, typeof run === 'function' ? code : run]);
}

/** The commands of a task, or undefined when its work is a function. */
export function commandsOf(task: LocalTask): readonly LocalCommand[] | undefined {
  if (typeof task.run === 'function') return undefined;
  return 'pieces' in task.run ? [task.run] : task.run;
}

function checkFields(task: LocalTask, problem: (message: string) => void): void {
  for (const field in task) {
    if (KNOWN_FIELDS.has(field)) continue;
    const hint = didYouMean(field, FIELDS);
    problem(`a task has no field ${field}${hint === undefined ? '' : `; ${hint}`}`);
  }
  // A paifile is run without a look at its types.
  if (task.inputs !== undefined && !isTexts(task.inputs)) problem('inputs must be a list of paths and globs');
  if (task.outputs !== undefined && !isTexts(task.outputs)) problem('outputs must be a list of paths and globs');
  if (task.env !== undefined && !isTexts(task.env)) problem('env must be a list of names');
  for (const [name, command] of Object.entries(task.tools ?? {})) {
    if (!isCommand(command)) problem(`the tool ${name} must be a command that $ recorded`);
  }
  const run: unknown = task.run;
  const commands: readonly unknown[] = Array.isArray(run) ? run : [run];
  if (commands.length === 0) problem('run has no command');
  if (typeof run !== 'function' && !commands.every(isCommand)) {
    problem('run must be a command that $ recorded, a list of them, or a function');
  }
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

function isCommand(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'pieces' in value && Array.isArray(value.pieces);
}

function normalize(
  given: readonly string[],
  root: string,
  what: 'input' | 'output',
  problem: (message: string) => void,
): { readonly paths: readonly string[]; readonly plain: boolean; readonly same: boolean } {
  if (!isTexts(given)) return { paths: [], plain: true, same: false };
  if (!given.some((text) => SPECIAL.test(text))) return { paths: [...given], plain: true, same: true };
  const paths: string[] = [];
  let plain = true;
  for (const text of given) {
    const taken = text.startsWith('!') ? '!' : '';
    const normal = normalOne(text.slice(taken.length), root);
    const wrong = taken !== '' && what === 'output' ? 'an output can not be taken away' : findProblem(normal, what);
    if (wrong !== undefined) problem(`the ${what} ${text}: ${wrong}`);
    else {
      if (taken !== '' || isFileGlob(normal)) plain = false;
      paths.push(taken + normal);
    }
  }
  const same = paths.length === given.length && paths.every((path, index) => path === given[index]);
  return { paths, plain, same };
}

function normalOne(text: string, root: string): string {
  const relative = path.posix.isAbsolute(text)
    ? fromRoot(path.posix.normalize(text), root)
    : path.posix.normalize(text);
  return relative.length > 1 && relative.endsWith('/') ? relative.slice(0, -1) : relative;
}

/** A path of the project becomes relative, so that another checkout has the same; another one stays as it is. */
function fromRoot(absolute: string, root: string): string {
  return absolute.startsWith(`${root}/`) ? absolute.slice(root.length + 1) : absolute;
}

function findProblem(normal: string, what: 'input' | 'output'): string | undefined {
  if (normal === '' || normal === '.') return 'a folder of the project or a glob is meant, such as **';
  if (normal.includes('\n')) return 'a name can not have a line feed';
  const outside = normal.startsWith('/') || normal === '..' || normal.startsWith('../');
  if (what === 'output' && outside) return 'it is outside the project';
  if (!isFileGlob(normal)) return undefined;
  if (normal.startsWith('/')) return 'a glob must be relative to the project';
  try {
    parsePattern(normal);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
