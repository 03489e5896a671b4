import { readWords, wordsOf } from './shell-words.js';

/** What pai sends as a command line: how root is reached, and what root's shell begins with. */
export interface RootCommand {
  /** Undefined for who logs in as root. `prompt` is missing where sudo must not ask. */
  readonly sudo: { readonly prompt?: string } | undefined;
  /** Said on standard output once root is there. */
  readonly mark: string;
  /** `run`: an archive follows on standard input; `program`: a program does. */
  readonly kind: 'run' | 'program';
  readonly parameters: readonly string[];
}

/** What pai has a root shell do, as read from the program on its standard input. */
export type Program =
  | { readonly kind: 'observe'; readonly base: string; readonly root: string; readonly mark: string; looks: Look[] }
  | { readonly kind: 'read'; readonly root: string; readonly paths: readonly string[] }
  | { readonly kind: 'attach'; readonly file: string; readonly id: string; readonly offset: number }
  | { readonly kind: 'stop'; readonly id: string }
  | { readonly kind: 'tidy'; readonly base: string };

/** A target to look at: the name of its files, and its probe. */
export interface Look {
  readonly index: string;
  readonly file: string;
  readonly probe: string;
}

/** What a run is about: assignments in front of its programs. */
export interface RunVariables {
  readonly base: string;
  readonly root: string;
  readonly id: string;
  readonly run: string;
  readonly file: string;
  readonly target: string;
  readonly fingerprint: string;
  readonly since: string;
}

const ECHO = /^echo (\S+); /;

/** Reads a command line of pai; undefined for any other. */
export function readRootCommand(line: string): RootCommand | undefined {
  const words = wordsOf(line);
  if (words === undefined) return undefined;
  const shell = words.indexOf('sh');
  const [, option, program = '', name, ...parameters] = words.slice(shell);
  const mark = ECHO.exec(program)?.[1];
  const sudo = readSudo(words.slice(0, shell));
  if (shell < 0 || option !== '-c' || name !== 'pai' || mark === undefined || sudo === 'other') return undefined;
  const body = program.replace(ECHO, '');
  const common = { sudo, mark, parameters };
  if (/^umask 077; exec sh$/.test(body) && parameters.length === 0) return { ...common, kind: 'program' };
  if (/^umask 077; .*\btar -xf -; then \. "\.\/run\/\$2\/start"; else .*fi$/.test(body) && parameters.length === 2) {
    return { ...common, kind: 'run' };
  }
  return undefined;
}

function readSudo(words: readonly string[]): RootCommand['sudo'] | 'other' {
  if (words.length === 0) return undefined;
  const [, options = ''] = /^exec env LC_ALL=C\.UTF-8 LANGUAGE=C sudo -H (.*) --$/.exec(words.join(' ')) ?? [];
  if (options === '-n') return {};
  const [, prompt] = /^-S -p (\S+)$/.exec(options) ?? [];
  return prompt === undefined ? 'other' : { prompt };
}

/** Reads the program on standard input; undefined for one that is none of pai's. */
export function readProgram(text: string): Program | undefined {
  const { values, rest } = readAssignments(text);
  const { base, root, mark, file, id, offset } = values;
  if (/^look\(\) \{$/m.test(rest) && mark !== undefined && root !== undefined) return readObserve(rest, root, mark);
  if (/^ *echo 'pai-status gone'$/m.test(rest) && base !== undefined && file !== undefined && id !== undefined) {
    return { kind: 'attach', file, id, offset: Number(offset ?? 0) };
  }
  if (/^kill -s TERM -- "-\$pid"$/m.test(rest) && id !== undefined) return { kind: 'stop', id };
  if (/^rmdir run \|\| exit 0$/m.test(rest) && base !== undefined) return { kind: 'tidy', base };
  if (/^if \[ "\$#" -gt 0 \]; then exec tar -chf - -- "\$@"; fi$/m.test(rest)) return readRead(rest);
  return undefined;
}

function readObserve(text: string, root: string, mark: string): Program | undefined {
  const cd = /^if cd /m.exec(text);
  const [base] = (cd && readWords(text, cd.index + cd[0].length)?.words) ?? [];
  if (base === undefined || !/grep -Hsa ''/.test(text) || !text.includes(`printf '%s end\\n' "$mark"`)) {
    return undefined;
  }
  const looks: Look[] = [];
  const begin = /^ {2}look (?=\d)/gm;
  begin.lastIndex = cd?.index ?? 0;
  for (let found = begin.exec(text); found !== null; found = begin.exec(text)) {
    const read = readWords(text, begin.lastIndex);
    const [index, file, probe] = read?.words ?? [];
    if (read === undefined || index === undefined || file === undefined || probe === undefined) return undefined;
    looks.push({ index, file, probe });
    // What looks like one within a probe is none.
    begin.lastIndex = read.end;
  }
  return { kind: 'observe', base, root, mark, looks };
}

function readRead(text: string): Program | undefined {
  const root = readWords(text, 'cd '.length)?.words[0];
  const loop = /^for file in /m.exec(text);
  const paths = loop && readWords(text, loop.index + loop[0].length)?.words;
  return root === undefined || !paths ? undefined : { kind: 'read', root, paths };
}

/**
 * Reads what a run brings along; undefined when its programs do not speak as those do that are answered here: `start` is what
 * the connection runs, `job` what goes on without it.
 */
export function readRun(start: string, job: string): RunVariables | undefined {
  const speaks =
    start.includes("echo 'pai-status started'") &&
    start.includes("printf 'pai-status locked %s %s %s\\n'") &&
    job.includes('printf \'pai-probe %s\\n\' "$id"') &&
    job.includes('printf \'pai-end %s %s %s\\n\' "$id" "$code" "$phase"') &&
    ['stamps/$file', 'unfinished/$file', 'log/$file.log'].every((name) => start.includes(name) || job.includes(name));
  const { base, root, id, run, file, target, fingerprint, since } = readAssignments(start).values;
  if (!speaks || base === undefined || root === undefined || id === undefined || run === undefined) return undefined;
  if (file === undefined || target === undefined || fingerprint === undefined || since === undefined) return undefined;
  return { base, root, id, run, file, target, fingerprint, since };
}

/** The `name=value` lines that a text begins with. */
export function readAssignments(text: string): {
  readonly values: Readonly<Partial<Record<string, string>>>;
  readonly rest: string;
} {
  const values: Record<string, string> = {};
  let at = 0;
  for (;;) {
    const [begin, name] = /^(\w+)=/.exec(text.slice(at, at + 100)) ?? [];
    const read = begin === undefined ? undefined : readWords(text, at + begin.length);
    if (name === undefined || read === undefined || text.charAt(read.end) !== '\n') break;
    if (read.words.length > 1) break;
    values[name] = read.words[0] ?? '';
    at = read.end + 1;
  }
  return { values, rest: text.slice(at) };
}
