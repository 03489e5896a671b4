import { expandVariables } from '../model/expand-variables.js';

/**
 * The images that a Dockerfile builds on, as its FROM lines name them, build arguments filled in; stages of its own and
 * `scratch` left out. What can't be understood is left to the builder, which tells it with its line.
 */
export function baseImages(dockerfile: string, buildArgs: Readonly<Record<string, string>>): readonly string[] {
  const values = new Map<string, string>();
  const stages = new Set<string>(['scratch']);
  const images = new Set<string>();
  for (const [instruction, rest] of instructions(dockerfile)) {
    if (instruction === 'ARG' && images.size === 0) {
      for (const word of rest) {
        const at = word.indexOf('=');
        const name = at < 0 ? word : word.slice(0, at);
        const value = buildArgs[name] ?? (at < 0 ? undefined : expandVariables(unquote(word.slice(at + 1)), values));
        if (value !== undefined) values.set(name, value);
      }
    }
    if (instruction !== 'FROM') continue;
    const [name, as, stage] = rest.filter((word) => !word.startsWith('--'));
    const image = name === undefined ? '' : expandVariables(unquote(name), values);
    if (image !== '' && !stages.has(image.toLowerCase())) images.add(image);
    if (as?.toUpperCase() === 'AS' && stage !== undefined) stages.add(stage.toLowerCase());
  }
  return [...images];
}

/** Names of the build arguments that a Dockerfile declares. */
export function declaredArguments(dockerfile: string): ReadonlySet<string> {
  const declared = instructions(dockerfile).flatMap(([instruction, rest]) => (instruction === 'ARG' ? rest : []));
  return new Set(declared.map((word) => word.replace(/=.*$/s, '')));
}

/** Instructions in upper case with their words; comments and line continuations resolved. */
function instructions(dockerfile: string): [string, string[]][] {
  const lines = dockerfile.split(/\r?\n/).filter((line) => !/^\s*#/.test(line));
  return lines
    .join('\n')
    .replace(/\\[ \t]*\n/g, ' ')
    .split('\n')
    .map((line): [string, string[]] => {
      const [instruction = '', ...rest] = line.trim().split(/\s+/);
      return [instruction.toUpperCase(), rest];
    });
}

function unquote(word: string): string {
  return /^(["']).*\1$/.test(word) ? word.slice(1, -1) : word;
}
