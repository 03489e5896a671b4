import path from 'node:path';
import type { Outcome, RunEvent } from '../model/events.js';
import type { PlanEntry } from '../model/plan.js';
import type { ProcessIdentity } from './process-identity.js';

/** First line of a journal: what was called, when, and by which process. */
export interface JournalHeader {
  readonly type: 'journal';
  readonly format: 1;
  readonly run: string;
  /** When the command began, in milliseconds since the epoch. */
  readonly began: number;
  /** As it could be typed again. No option takes a secret. */
  readonly commandLine: string;
  readonly process: ProcessIdentity;
}

/** The plan event as journals keep it: what is fresh is only counted. */
export interface JournalPlan {
  readonly type: 'plan';
  readonly at: number;
  /** Those that are not fresh, in order. */
  readonly entries: readonly PlanEntry[];
  readonly fresh: number;
}

/** What the lines of a journal are. Logs are in files of their own. */
export type JournalLine = JournalHeader | JournalPlan | Exclude<RunEvent, { type: 'target-log' | 'plan' }>;

/** Folder of all runs in a cache. */
export function runsDirectory(cacheDirectory: string): string {
  return path.join(cacheDirectory, 'runs');
}

/** The file of a run's lines. */
export function eventsFile(runDirectory: string): string {
  return path.join(runDirectory, 'events.ndjson');
}

/** Where the log of a target is. Names are harmless file names; anything else is written as %XX, so that it can't leave the folder. */
export function logFile(runDirectory: string, target: string): string {
  const name = target.replaceAll(/[^\w.:@+-]/gu, (character) => encodeURIComponent(character));
  return path.join(runDirectory, 'logs', `${name}.log`);
}

/**
 * One line of a journal. Undefined for a damaged one: no JSON, or not what its type says. `other` for a type that this
 * version does not know.
 */
export function parseLine(text: string): JournalLine | 'other' | undefined {
  const line = parseObject(text);
  if (line === undefined || typeof line.type !== 'string') return undefined;
  const valid = VALID[line.type as JournalLine['type']];
  if (valid === undefined) return 'other';
  return valid(line) ? (line as unknown as JournalLine) : undefined;
}

type Fields = Readonly<Record<string, unknown>>;

const OUTCOMES: readonly Outcome[] = ['ran', 'fresh', 'failed', 'skipped'];

/** Checks what readers rely on. */
const VALID: Readonly<Record<JournalLine['type'], (line: Fields) => boolean>> = {
  journal: ({ format, run, began, commandLine, process }) =>
    format === 1 && isText(run) && isNumber(began) && isText(commandLine) && isProcess(process),
  'run-start': ({ at, run, command, targets }) =>
    isNumber(at) && isText(run) && (command === 'run' || command === 'clean') && isListOf(targets, isText),
  plan: ({ at, entries, fresh }) => isNumber(at) && isNumber(fresh) && isListOf(entries, isEntry),
  'target-start': ({ at, target, reasons }) => isNumber(at) && isText(target) && isListOf(reasons, isReason),
  'target-end': ({ at, target, outcome, seconds, because, error, log }) =>
    isNumber(at) &&
    isText(target) &&
    OUTCOMES.some((one) => one === outcome) &&
    isNumber(seconds) &&
    isAbsentOr(because, isText) &&
    isAbsentOr(error, isErrorReport) &&
    isAbsentOr(log, isText),
  'terminal-taken': isOfTarget,
  'terminal-released': isOfTarget,
  'run-end': ({ at, ran, fresh, failed, skipped, interrupted }) =>
    [at, ran, fresh, failed, skipped].every(isNumber) && typeof interrupted === 'boolean',
};

function isOfTarget({ at, target }: Fields): boolean {
  return isNumber(at) && isText(target);
}

function isProcess(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { pid, host, boot, namespace, started } = value;
  return isNumber(pid) && [host, boot, namespace, started].every(isText);
}

function isEntry(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { name, state, reasons, mayBeCutOff } = value;
  return isText(name) && isText(state) && isListOf(reasons, isReason) && typeof mayBeCutOff === 'boolean';
}

function isReason(value: unknown): boolean {
  if (!isObject(value) || !isText(value.kind)) return false;
  switch (value.kind) {
    case 'changed':
      return isListOf(value.parts, (part) => isObject(part) && isText(part.name) && isText(part.change));
    case 'unhealthy':
    case 'unreachable':
      return isText(value.problem);
    case 'need-stale':
      return isText(value.target);
    case 'not-asked':
      return isText(value.through);
    case 'outputs':
      return isListOf(value.outputs, isObject);
    default:
      return true;
  }
}

function isErrorReport(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { code, message, where, next, details } = value;
  if (!isText(code) || !isText(message)) return false;
  const lines = isAbsentOr(details, (list) => isListOf(list, isText));
  return lines && isAbsentOr(where, isText) && isAbsentOr(next, isText);
}

function isListOf(value: unknown, isItem: (item: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(isItem);
}

function isAbsentOr(value: unknown, is: (value: unknown) => boolean): boolean {
  return value === undefined || is(value);
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null;
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number';
}

function parseObject(text: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
