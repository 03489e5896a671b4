/** A script of pai, taken apart as far as its layout tells. */
export interface Script {
  /** Names of the functions that it defines. */
  readonly functions: ReadonlySet<string>;
  /** What it does at its top level: simple commands and whole compound ones, without comments. */
  readonly statements: readonly string[];
}

const CLOSING: Readonly<Record<string, string>> = { if: 'fi', case: 'esac', for: 'done', while: 'done', until: 'done' };

/** Takes a script apart. Compound commands and functions begin and end at the start of a line, as shfmt lays them out. */
export function readScript(text: string): Script {
  const lines = text.replaceAll(/\\\n\s*/g, '').split('\n');
  const functions = new Set<string>();
  const statements: string[] = [];
  let at = 0;
  const upTo = (isLast: (line: string) => boolean): string => {
    const begin = at;
    while (at < lines.length && !isLast(lines[at] ?? '')) at += 1;
    at += 1;
    return lines.slice(begin, at).join('\n');
  };
  while (at < lines.length) {
    const line = lines[at] ?? '';
    const [, name, body] = /^(\w+)\(\) \{(.*)$/.exec(line) ?? [];
    const [word = ''] = /^\w+/.exec(line) ?? [];
    const closing = CLOSING[word];
    if (line.trim() === '' || line.startsWith('#')) {
      at += 1;
    } else if (name !== undefined) {
      functions.add(name);
      upTo(body === '' ? (one) => one === '}' : (one) => one.endsWith('}'));
    } else if (closing !== undefined) {
      statements.push(upTo((one) => new RegExp(`(^|; |;; )${closing}$`).test(one) && !/^\s/.test(one)));
    } else {
      statements.push(line.trim());
      at += 1;
    }
  }
  return { functions, statements };
}
