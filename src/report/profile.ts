import type { RunEvent } from '../model/events.js';
import type { Json, JsonObject } from '../model/json.js';
import { Timeline } from './critical-path.js';
import { describeReasons } from './reasons.js';
import { oneLine } from './text.js';

const PROCESS = 1;
/** The thread of what is not a target: planning, and what was skipped. */
const MAIN = 0;
const MICROSECONDS = 1000;

type TargetStart = Extract<RunEvent, { type: 'target-start' }>;
type TargetEnd = Extract<RunEvent, { type: 'target-end' }>;

interface Open {
  readonly lane: number;
  readonly start: number;
  readonly reasons: string;
}

/**
 * A run as Chrome trace events, which Perfetto and chrome://tracing show: a lane for each target that ran at a time (a target
 * goes to the first one that is free), planning, and how many ran. Times are microseconds since the call of the command.
 */
export class Profile {
  readonly #command: string;
  readonly #events: JsonObject[] = [];
  readonly #spans = new Map<string, { [key: string]: Json }>();
  readonly #timeline = new Timeline();
  readonly #open = new Map<string, Open>();
  /** True for lanes that are taken; lane `n` is thread `n + 1`. */
  readonly #lanes: boolean[] = [];
  #run = '';
  #began: number | undefined;
  #last = 0;

  /** `command` names the process in the trace; `began` is its call in milliseconds since the epoch. */
  constructor(command: string, began?: number) {
    this.#command = command;
    this.#began = began;
  }

  tell(event: RunEvent): void {
    this.#timeline.tell(event);
    switch (event.type) {
      case 'run-start':
        this.#run = event.run;
        this.#began ??= event.began ?? event.at;
        return;
      case 'plan': {
        const counts = { fresh: 0, stale: 0, unknown: 0 };
        for (const entry of event.entries) counts[entry.state]++;
        this.#span(MAIN, 'planning', 'plan', 0, this.#time(event.at), counts);
        return;
      }
      case 'target-start':
        this.#start(event);
        return;
      case 'target-end':
        this.#end(event);
        return;
      case 'target-log':
      case 'terminal-taken':
      case 'terminal-released':
      case 'run-end':
        this.#time(event.at);
    }
  }

  /** The whole trace as JSON. What has not ended by now (a run that crashed) ends where the last event was. */
  toJson(): string {
    for (const target of [...this.#open.keys()]) this.#close(target, this.#last, { outcome: 'unfinished' });
    for (const { target } of this.#timeline.criticalPath()) {
      const args = this.#spans.get(target);
      if (args !== undefined) args.critical = true;
    }
    const lanes = this.#lanes.map((_, lane) => threadName(lane + 1, `lane ${lane + 1}`));
    const names = [
      { ph: 'M', name: 'process_name', pid: PROCESS, tid: MAIN, args: { name: this.#command } },
      threadName(MAIN, 'pai'),
      ...lanes,
    ];
    const otherData = { run: this.#run };
    return `${JSON.stringify({ displayTimeUnit: 'ms', otherData, traceEvents: [...names, ...this.#events] })}\n`;
  }

  #start({ at, target, reasons }: TargetStart): void {
    const start = this.#time(at);
    const free = this.#lanes.indexOf(false);
    const lane = free === -1 ? this.#lanes.length : free;
    this.#lanes[lane] = true;
    this.#open.set(target, { lane, start, reasons: describeReasons(reasons) });
    this.#count(start);
  }

  #end({ at, target, outcome, because, error, log }: TargetEnd): void {
    const end = this.#time(at);
    const args = {
      outcome,
      ...(error !== undefined && { error: `${error.code}: ${oneLine(error.message)}` }),
      ...(log !== undefined && { log }),
    };
    if (this.#open.has(target)) {
      this.#close(target, end, args);
      this.#count(end);
    } else if (outcome !== 'fresh') {
      const why = because === undefined ? {} : { because };
      this.#events.push({
        ph: 'i',
        s: 't',
        name: target,
        cat: outcome,
        ts: end,
        pid: PROCESS,
        tid: MAIN,
        args: { ...args, ...why },
      });
    }
  }

  #close(target: string, end: number, told: JsonObject): void {
    const open = this.#open.get(target);
    if (open === undefined) return;
    this.#open.delete(target);
    this.#lanes[open.lane] = false;
    const args = { reasons: open.reasons, ...told };
    this.#spans.set(target, args);
    this.#span(open.lane + 1, target, 'target', open.start, end, args);
  }

  #span(tid: number, name: string, cat: string, start: number, end: number, args: JsonObject): void {
    this.#events.push({ ph: 'X', name, cat, ts: start, dur: end - start, pid: PROCESS, tid, args });
  }

  #count(ts: number): void {
    this.#events.push({ ph: 'C', name: 'running', ts, pid: PROCESS, tid: MAIN, args: { targets: this.#open.size } });
  }

  /** A moment in the trace. The clock may be set back while a run goes on; the trace only goes on. */
  #time(at: number): number {
    this.#began ??= at;
    this.#last = Math.max(this.#last, Math.round((at - this.#began) * MICROSECONDS));
    return this.#last;
  }
}

function threadName(tid: number, name: string): JsonObject {
  return { ph: 'M', name: 'thread_name', pid: PROCESS, tid, args: { name } };
}
