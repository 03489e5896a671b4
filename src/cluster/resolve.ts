import { readFile } from 'node:fs/promises';
import { Secret, secretError } from '../model/secret.js';
import { configuredPath } from './hosts.js';
import { child, nameOf } from './pointers.js';
import { type Problem, placed } from './problems.js';
import { Reference } from './references.js';
import type { Schema } from './schemas/parts.js';
import { isSecret, schemaBelow } from './schemas/walk.js';
import type { YamlFile } from './yaml.js';

/** What references of a configuration are answered with. */
export interface ResolverOptions {
  /** The configuration folder, absolute: paths of `!file` are relative to it, and commands run in it. */
  readonly directory: string;
  /** Environment variables. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** A text, or why there is none, as the rest of a sentence. */
type Answer = { readonly text: string } | { readonly wrong: string };

/** Answers the references of a configuration's files; each command runs at most once. */
export class Resolver {
  readonly #options: ResolverOptions;
  readonly #commands = new Map<string, Promise<Answer>>();
  readonly #asked: Secret[] = [];

  constructor(options: ResolverOptions) {
    this.#options = options;
  }

  /**
   * Puts answers in the places of a file's references, and says what is wrong with them. Those of secrets are not asked for yet: they
   * are in `secrets`, and text that stands for them is in `data`. A key that no schema knows is not asked for at all.
   */
  async resolve(yaml: YamlFile, schema: Schema): Promise<YamlFile> {
    if (!yaml.tagged) return yaml;
    const found: Found[] = [];
    const root = { document: yaml.data };
    collect(root, 'document', '', schema, found);
    const problems: Problem[] = [];
    const empty = new Set(yaml.empty);
    const references = new Map<string, Reference>();
    const secrets = new Map<string, Secret>();
    await Promise.all(
      found.map(async (one) => {
        const { pointer, reference } = one;
        references.set(pointer, reference);
        one.put(String(reference));
        const tell = (wrong: string): Problem => yaml.problem(pointer, 'value', `${nameOf(pointer)}: ${wrong}`);
        const fail = (wrong: string): void => {
          problems.push(tell(wrong));
          empty.add(pointer);
          one.put(null);
        };
        if (reference.argument === '')
          return fail(`${String(reference).trim()} needs ${NEEDS[reference.kind]} behind it`);
        if (isSecret(one.schema)) {
          const secret = new Secret(() => this.#reveal(reference, tell));
          this.#asked.push(secret);
          secrets.set(pointer, secret);
        } else if (one.schema !== undefined) {
          const answer = await this.#answer(reference);
          if ('text' in answer) one.put(answer.text);
          else fail(answer.wrong);
        }
      }),
    );
    return { ...yaml, data: root.document, problems: [...yaml.problems, ...problems], empty, references, secrets };
  }

  /** Asks for all secrets that were not asked for yet. Throws SECRET with everything that can't be had. */
  async revealAll(): Promise<void> {
    const failures = await Promise.allSettled(this.#asked.map((secret) => secret.reveal()));
    const errors = failures.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as unknown] : []));
    if (errors.length > 0) throw secretError(errors);
  }

  async #reveal(reference: Reference, tell: (wrong: string) => Problem): Promise<string> {
    const answer = await this.#answer(reference);
    if ('text' in answer && answer.text !== '') return answer.text;
    throw secretError([], [placed(tell('wrong' in answer ? answer.wrong : `${reference} gives nothing`))]);
  }

  async #answer({ kind, argument }: Reference): Promise<Answer> {
    if (kind === 'env') {
      const text = this.#options.env[argument];
      return text === undefined ? { wrong: `the environment variable ${argument} is not set: export it` } : { text };
    }
    if (kind === 'file') return readValue(argument, this.#options.directory);
    const known = this.#commands.get(argument) ?? execute(argument, this.#options.directory);
    this.#commands.set(argument, known);
    return known;
  }
}

const NEEDS = { env: 'the name of a variable', file: 'the path of a file', exec: 'a command' } as const;

async function readValue(file: string, directory: string): Promise<Answer> {
  const { withoutLastNewline } = await import('./exec.js');
  try {
    return { text: withoutLastNewline(await readFile(configuredPath(file, directory), 'utf8')) };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      return { wrong: `there is no file ${file}; the path is relative to the configuration folder` };
    }
    return { wrong: `the file ${file} can't be read (${code})` };
  }
}

async function execute(command: string, directory: string): Promise<Answer> {
  const { outputOf } = await import('./exec.js');
  const result = await outputOf(command, { cwd: directory });
  if ('text' in result) return result;
  const said = result.said.length === 0 ? '' : `, and said: ${result.said.join(' / ')}`;
  return { wrong: `\`${command}\` ${result.failed}${said}` };
}

/** A reference and its place in the document. */
interface Found {
  readonly pointer: string;
  readonly reference: Reference;
  /** Of the field; undefined for one that is unknown. */
  readonly schema: Schema | undefined;
  put(value: string | null): void;
}

function collect(parent: object, key: string | number, pointer: string, schema: Schema | undefined, found: Found[]) {
  const value: unknown = Reflect.get(parent, key);
  if (value instanceof Reference) {
    found.push({ pointer, reference: value, schema, put: (answer) => void Reflect.set(parent, key, answer) });
  } else if (Array.isArray(value)) {
    for (const index of value.keys()) collect(value, index, child(pointer, index), schemaBelow(schema, index), found);
  } else if (typeof value === 'object' && value !== null) {
    for (const name of Object.keys(value)) collect(value, name, child(pointer, name), schemaBelow(schema, name), found);
  }
}
