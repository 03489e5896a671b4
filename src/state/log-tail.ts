import { closeSync, openSync, readSync } from 'node:fs';
import { StringDecoder } from 'node:string_decoder';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventsFile, logFile, parseLine } from './journal-format.js';
import { type Ending, type PastRun, readRun } from './past-runs.js';

const CHUNK = 64 * 1024;
const POLL = 100;
/** How many polls without news pass before the process is looked at. */
const SILENT_POLLS = 10;

/** Lines of a file that grows. */
export class LineTail {
  readonly #file: string;
  readonly #decoder = new StringDecoder('utf8');
  #offset = 0;
  #rest = '';

  constructor(file: string) {
    this.#file = file;
  }

  /** The lines that were ended since the last call; none while the file is not there. Throws for what else can't be read. */
  read(): readonly string[] {
    let descriptor: number;
    try {
      descriptor = openSync(this.#file, 'r');
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
      throw error;
    }
    try {
      const chunk = Buffer.allocUnsafe(CHUNK);
      const pieces = [this.#rest];
      for (;;) {
        const count = readSync(descriptor, chunk, 0, CHUNK, this.#offset);
        if (count === 0) break;
        this.#offset += count;
        pieces.push(this.#decoder.write(chunk.subarray(0, count)));
      }
      const lines = pieces.join('').split('\n');
      this.#rest = lines.pop() ?? '';
      return lines;
    } finally {
      closeSync(descriptor);
    }
  }

  /** What stands behind the last line end. */
  rest(): readonly string[] {
    return this.#rest === '' ? [] : [this.#rest];
  }
}

/** All lines of a target's log; none when there is no log. */
export function readLog(run: PastRun, target: string): readonly string[] {
  const tail = new LineTail(logFile(run.directory, target));
  return [...tail.read(), ...tail.rest()];
}

/**
 * Tells the lines of a target's log, those that are there and then each that is added, until the target or its run ends, its
 * process is gone, or the signal is aborted. Resolves to how the run stands then.
 */
export async function followLog(
  cacheDirectory: string,
  run: PastRun,
  target: string,
  tell: (line: string) => void,
  signal: AbortSignal,
): Promise<Ending> {
  const log = new LineTail(logFile(run.directory, target));
  const events = new LineTail(eventsFile(run.directory));
  const telling = (): boolean => {
    const lines = log.read();
    for (const line of lines) tell(line);
    return lines.length > 0;
  };
  let silent = 0;
  for (;;) {
    // The end is looked for first: what the log has by then is all that it will have.
    const ended = events.read().some((line) => isEnd(line, target));
    silent = telling() ? 0 : silent + 1;
    const quiet = silent > 0 && silent % SILENT_POLLS === 0;
    const gone = !ended && quiet && readRun(cacheDirectory, run.id).ending !== 'running';
    if (gone) telling();
    if (ended || gone || signal.aborted) break;
    await sleep(POLL, undefined, { signal }).catch(() => undefined);
  }
  for (const line of log.rest()) tell(line);
  return readRun(cacheDirectory, run.id).ending;
}

function isEnd(text: string, target: string): boolean {
  const line = parseLine(text);
  if (line === undefined || line === 'other') return false;
  return line.type === 'run-end' || (line.type === 'target-end' && line.target === target);
}
