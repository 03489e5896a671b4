/** One instruction of a Dockerfile. */
export interface Instruction {
  /** Upper case. */
  readonly name: string;
  /** Everything behind the name, line continuations resolved. */
  readonly rest: string;
  /** Line where it begins, from 1. */
  readonly line: number;
}

const KNOWN: ReadonlySet<string> = new Set([
  ...['ADD', 'ARG', 'CMD', 'COPY', 'ENTRYPOINT', 'ENV', 'EXPOSE', 'FROM', 'HEALTHCHECK', 'LABEL', 'MAINTAINER'],
  ...['ONBUILD', 'RUN', 'SHELL', 'STOPSIGNAL', 'USER', 'VOLUME', 'WORKDIR'],
]);

/** A Dockerfile that the builder does not take, in the builder's words. */
export class DockerfileError extends Error {}

/** The instructions of a Dockerfile. Throws DockerfileError for what the classic builder refuses before the first step. */
export function parseDockerfile(text: string): readonly Instruction[] {
  const instructions: Instruction[] = [];
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  for (let index = 0; index < lines.length; index++) {
    const line = index + 1;
    let whole = lines[index] ?? '';
    if (isNothing(whole)) continue;
    while (/\\[ \t]*$/.test(whole) && index + 1 < lines.length) {
      index++;
      const next = lines[index] ?? '';
      if (!isNothing(next)) whole = whole.replace(/\\[ \t]*$/, '') + next;
    }
    const [, name = '', rest = ''] = /^\s*(\S+)\s*([\s\S]*)$/.exec(whole) ?? [];
    if (!KNOWN.has(name.toUpperCase())) {
      throw new DockerfileError(`dockerfile parse error line ${line}: unknown instruction: ${name.toUpperCase()}`);
    }
    if (rest.trim() === '') {
      throw new DockerfileError(
        `dockerfile parse error line ${line}: ${name.toUpperCase()} requires at least one argument`,
      );
    }
    instructions.push({ name: name.toUpperCase(), rest: rest.trim(), line });
  }
  if (instructions.length === 0) throw new DockerfileError('file with no instructions');
  const [first] = instructions.filter(({ name }) => name !== 'ARG');
  if (first?.name !== 'FROM') throw new DockerfileError('no build stage in current context');
  return instructions;
}

function isNothing(line: string): boolean {
  return /^\s*(#|$)/.test(line);
}

/** Words of an instruction; quotes keep blanks together and go away. */
export function words(text: string): readonly string[] {
  const found = text.match(/(?:"(?:\\.|[^"\\])*"|'[^']*'|\\.|[^\s"'\\])+/g) ?? [];
  return found.map((word) =>
    word.replace(/"((?:\\.|[^"\\])*)"|'([^']*)'/g, (_, a, b) => a ?? b ?? '').replace(/\\(.)/g, '$1'),
  );
}

/** `KEY=value KEY2="other value"`, or the old form `KEY value`. */
export function pairs(text: string): readonly (readonly [key: string, value: string])[] {
  const list = words(text);
  const [first = ''] = list;
  if (!first.includes('=')) return [[first, text.slice(text.indexOf(first) + first.length).trim()]];
  return list.map((word) => [word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1)] as const);
}

/** A command in its JSON form, or as one for the shell. */
export function command(text: string): readonly string[] {
  return jsonWords(text) ?? ['/bin/sh', '-c', text];
}

/** `["a", "b"]` as a list; undefined for another form. */
export function jsonWords(text: string): readonly string[] | undefined {
  if (!text.startsWith('[')) return undefined;
  try {
    const list: unknown = JSON.parse(text);
    return Array.isArray(list) && list.every((one) => typeof one === 'string') ? list : undefined;
  } catch {
    return undefined;
  }
}
