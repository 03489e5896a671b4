import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import path from 'node:path';
import type { CommandValue } from '../model/local.js';

/*
 * Commands that a paifile declares are run as zx runs them: its quoting, bash, and the same prefix in front. What zx puts around
 * that (an asynchronous context for each command, which makes every promise of the process dearer, and all output kept in
 * lists) took an eighth of the processor time of 1,000 targets: 12.1 s with it and 10.6 s without, medians of three runs on a busy
 * machine on which bash started from a bare Node script took 3.5 s. So only functions get it.
 */

/** What zx puts in front of each command of bash. */
export const PREFIX = 'set -euo pipefail;';
/** What no shell reads as anything but itself. zx leaves it as it is, and need not be loaded for it. */
const PLAIN = /^[\w/.:=@-]+$/;

/** How a command ended, as Node tells it; a negative exit code means that there was not even a process. */
export interface Ended {
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** Why it could not be started, where Node refused. */
  readonly refused?: string;
}

/** A command that was started. */
export interface Started {
  /** Undefined when Node refused to start it. */
  readonly child: ChildProcess | undefined;
  /** Resolves when it has ended and both of its outputs are closed. Never rejects. */
  readonly ended: Promise<Ended>;
}

/** How a command is started. */
export interface StartOptions {
  /** The whole environment. */
  readonly env: NodeJS.ProcessEnv;
  readonly cwd?: string | undefined;
  /** Standard input; without it the command has none. */
  readonly input?: string | undefined;
  /** Give it this process's terminal and its group; otherwise it has a group, and pipes for its outputs. */
  readonly terminal: boolean;
}

/** The text of a command for bash: pieces, and values between them quoted by zx. */
export async function commandLine(pieces: readonly string[], values: readonly CommandValue[]): Promise<string> {
  const texts = values.map((value) => (typeof value === 'object' ? value.map(String) : [String(value)]));
  const plain = texts.every((words) => words.every((word) => PLAIN.test(word)));
  const quote = plain ? (word: string) => word : (await import('zx/core')).quote;
  return pieces.map((piece, index) => piece + (texts[index] ?? []).map((word) => quote(word)).join(' ')).join('');
}

/** Starts a command with bash. */
export function startCommand(line: string, { env, cwd, input, terminal }: StartOptions): Started {
  let child: ChildProcess;
  try {
    child = spawn(bashOf(process.env.PATH ?? ''), ['-c', PREFIX + line], {
      // A process group of its own: a first interrupt at the terminal does not reach it, and an abort ends all of it.
      // Who talks to the terminal has to be in the group that the terminal is given to, which is this process's.
      detached: !terminal,
      env,
      stdio: terminal ? 'inherit' : [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
      ...(cwd === undefined ? {} : { cwd }),
    });
  } catch (thrown) {
    // Too long a list of arguments, and what else Node does not tell by an event.
    const refused = thrown instanceof Error ? thrown.message : String(thrown);
    return { child: undefined, ended: Promise.resolve({ exitCode: -1, signal: null, refused }) };
  }
  const ended = new Promise<Ended>((resolve) => {
    child.once('error', () => undefined);
    child.once('close', (exitCode, signal) => resolve({ exitCode, signal }));
  });
  if (input !== undefined) {
    // One that does not read its input ends well or not by itself.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input);
  }
  return { child, ended };
}

const known = new Map<string, string>();

/** The bash that is first in a PATH; just the name where there is none, so that starting it tells. */
export function bashOf(places: string): string {
  const found = known.get(places);
  if (found !== undefined) return found;
  const candidates = places.split(path.delimiter).map((folder) => path.join(folder, 'bash'));
  const bash = candidates.find((place) => isProgram(place)) ?? 'bash';
  known.set(places, bash);
  return bash;
}

function isProgram(place: string): boolean {
  try {
    accessSync(place, constants.X_OK);
    return statSync(place).isFile();
  } catch {
    return false;
  }
}
