import { randomBytes } from 'node:crypto';
import { PaiError } from '../model/errors.js';
import { parseStamp } from '../model/parse-stamp.js';
import type { Observation } from '../model/stamp.js';
import type { Connection } from './connection.js';
import { describeHost, lostError } from './host-errors.js';
import { runAsRoot } from './root-command.js';
import { targetFileName } from './shell.js';
import { type Look, observeProgram, PROBE_SECONDS, programBootstrap } from './supervisor.js';

/** Probes run side by side and are ended after their time; beyond this the host hangs. */
const OBSERVE_SECONDS = PROBE_SECONDS + 40;

/**
 * Looks at several targets of a host with one command. In the order of `looks`.
 * @throws PaiError when the host could not be asked
 */
export async function observeTargets(
  connection: Connection,
  rootPrefix: string,
  looks: readonly Look[],
): Promise<readonly Observation[]> {
  const mark = `pai-${randomBytes(8).toString('hex')}`;
  const chunks: Buffer[] = [];
  const asked = runAsRoot(connection, {
    bootstrap: programBootstrap,
    input: Buffer.from(observeProgram(rootPrefix, mark, looks)),
    onData: (chunk) => {
      chunks.push(chunk);
      return false;
    },
  });
  const exit = await inTime(asked, connection);
  const lines = Buffer.concat(chunks).toString('utf8').split('\n');
  if (!lines.includes(`${mark} end`)) {
    if (exit.code === undefined) {
      throw lostError(connection.host, 'while it was looked at', 'Run the same command again.');
    }
    throw new PaiError('HOST_SCRIPT', `${describeHost(connection.host)} could not be looked at`, {
      where: `host ${connection.host.name}`,
      next: 'Read what the host said, below.',
      details: exit.stderr,
    });
  }
  return readAnswers(lines, mark, looks);
}

/** @throws PaiError TIMEOUT */
async function inTime<T>(asked: Promise<T>, connection: Connection): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const what = `${describeHost(connection.host)} did not finish looking at its targets within ${OBSERVE_SECONDS} s`;
      const next = 'Log in and see what hangs there.';
      reject(new PaiError('TIMEOUT', what, { where: `host ${connection.host.name}`, next }));
    }, OBSERVE_SECONDS * 1000);
  });
  try {
    return await Promise.race([asked, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Reads what the program of `observeProgram` printed. */
export function readAnswers(lines: readonly string[], mark: string, looks: readonly Look[]): readonly Observation[] {
  const stamps = new Map<string, string>();
  const unfinished = new Set<string>();
  const probes = new Map<number, { readonly code: number; readonly words: string[] }>();
  let current: string[] | undefined;
  for (const line of lines) {
    if (line.startsWith(`${mark} `)) {
      const [first = '', second = ''] = line.slice(mark.length + 1).split(' ');
      current = undefined;
      if (first === 'unfinished') {
        unfinished.add(second);
      } else if (first !== 'end') {
        current = [];
        probes.set(Number(first), { code: Number(second), words: current });
      }
    } else if (current !== undefined) {
      current.push(line);
    } else {
      const colon = line.indexOf(':');
      const file = line.slice(0, Math.max(colon, 0));
      // A stamp is one line: more of them is a damaged one, and makes JSON that doesn't parse.
      if (file !== '') stamps.set(file, (stamps.get(file) ?? '') + line.slice(colon + 1));
    }
  }
  return looks.map((look, index) => {
    const file = targetFileName(look.target);
    const stamp = parseStamp(stamps.get(file));
    const probe = probes.get(index);
    const problem = probe === undefined || probe.code === 0 ? undefined : probeProblem(probe.code, probe.words);
    const warnings = probe === undefined ? [] : warningsIn(probe.words);
    return {
      kind: 'known',
      present: stamps.has(file) || unfinished.has(file),
      ...(stamp?.target === look.target ? { stamp } : {}),
      ...(problem === undefined ? {} : { problem }),
      ...(problem === undefined && warnings.length > 0 ? { warnings } : {}),
    };
  });
}

const WARNING = 'warning: ';

/** What a probe that is content says of what is to come. */
function warningsIn(words: readonly string[]): string[] {
  return words.flatMap((line) => (line.startsWith(WARNING) ? [line.slice(WARNING.length)] : []));
}

/** What a probe that failed says, in a line or a few. */
function probeProblem(code: number, words: readonly string[]): string {
  if (code === 124 || code === 137) return `the probe took longer than ${PROBE_SECONDS} s`;
  const said = words.join('\n').trim();
  return said === '' ? `the probe exited ${code}` : said;
}
