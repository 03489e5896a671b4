import { createHash } from 'node:crypto';
import { PaiError, toPaiError } from '../model/errors.js';
import type { LocalCommand, LocalWork } from '../model/local.js';
import type { Runner } from './runner.js';

/** What a task depends on besides files: variables and tools that it names. */
export interface Surroundings {
  /** null: not set. */
  readonly env: readonly (readonly [name: string, value: string | null])[];
  readonly tools: readonly (readonly [name: string, version: string])[];
  /** Over all of them; '' when there is none. */
  readonly digest: string;
}

/** Versions of tools, each asked for once. */
export class Tools {
  readonly #runner: Runner;
  readonly #root: string;
  readonly #asked = new Map<string, Promise<void>>();
  readonly #versions = new Map<string, string | PaiError>();

  constructor(runner: Runner, root: string) {
    this.#runner = runner;
    this.#root = root;
  }

  /** Asks for the versions of a task's tools. Does not reject. */
  async ask(work: LocalWork): Promise<void> {
    const { tools } = work.task;
    if (tools === undefined) return;
    await Promise.all(Object.values(tools).map((command) => this.#askOnce(command)));
  }

  /** Undefined when it was not asked for yet. */
  version(command: LocalCommand): string | PaiError | undefined {
    return this.#versions.get(keyOf(command));
  }

  #askOnce(command: LocalCommand): Promise<void> {
    const key = keyOf(command);
    const asked = this.#asked.get(key) ?? this.#ask(command, key);
    this.#asked.set(key, asked);
    return asked;
  }

  async #ask(command: LocalCommand, key: string): Promise<void> {
    try {
      this.#versions.set(key, await this.#runner.ask(command, this.#root));
    } catch (thrown) {
      this.#versions.set(key, toPaiError(thrown));
    }
  }
}

/** Reads what a task depends on besides files. Throws LOCAL_COMMAND for a tool that can't be asked. */
export function readSurroundings(
  work: LocalWork,
  env: Readonly<Record<string, string | undefined>>,
  tools: Tools,
): Surroundings {
  const variables = [...(work.task.env ?? [])].sort().map((name) => [name, env[name] ?? null] as const);
  const versions = Object.entries(work.task.tools ?? {}).map(([name, command]) => {
    const version = tools.version(command);
    if (typeof version === 'string') return [name, version] as const;
    if (version === undefined) throw new Error(`the version of ${name} was not asked for`);
    throw new PaiError('LOCAL_COMMAND', `can't ask for the version of ${name}: ${version.message}`, {
      details: version.details,
      next: `Install ${name}, or correct the command that tells its version.`,
      cause: version,
    });
  });
  if (variables.length + versions.length === 0) return { env: [], tools: [], digest: '' };
  versions.sort(([a], [b]) => (a < b ? -1 : 1));
  // Variables may be secret: only a digest of them is kept.
  const digest = createHash('sha256')
    .update(JSON.stringify([variables, versions]))
    .digest('hex');
  return { env: variables, tools: versions, digest };
}

/** Whether all tools of a task could be asked. */
export function toolsAreKnown(work: LocalWork, tools: Tools): boolean {
  return Object.values(work.task.tools ?? {}).every((command) => typeof tools.version(command) === 'string');
}

/** Names and output digests of needs as one text. In another order it is another text, and the fingerprint the same. */
export function needsText(needs: ReadonlyMap<string, string>): string {
  let text = '';
  for (const [name, output] of needs) text += `${name} ${output}\n`;
  return text;
}

function keyOf({ pieces, values }: LocalCommand): string {
  return JSON.stringify([pieces, values]);
}
