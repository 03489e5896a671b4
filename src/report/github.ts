import path from 'node:path';
import type { ErrorReport, RunEvent } from '../model/events.js';
import { formatError } from './errors.js';
import { Logs } from './grouped.js';
import type { Reporter, Write } from './reporter.js';
import { RunText } from './run-text.js';
import { StepSummary } from './step-summary.js';
import { plainStyle, type Style } from './style.js';
import { harmless, workflowCommand } from './workflow-command.js';

/** Options of `githubReporter`. */
export interface GithubOptions extends AnnotationPlaces {
  /** The command that takes the run up again where it failed. */
  readonly resume: string;
  /** Adds Markdown to the summary of the step. */
  readonly summary?: Write | undefined;
  /** By default without colours. */
  readonly style?: Style;
}

type TargetEnd = Extract<RunEvent, { type: 'target-end' }>;

/**
 * For logs of GitHub Actions: each target's log is a group that unfolds, each failure an annotation (at its place, where it has
 * one), and the end a summary of the step. Nothing that a target says is taken for a command.
 */
export function githubReporter(write: Write, options: GithubOptions): Reporter {
  const text = new RunText({ style: options.style ?? plainStyle, resume: options.resume });
  const summary = new StepSummary(options.resume);
  const logs = new Logs();
  return (event) => {
    logs.tell(event);
    summary.tell(event);
    const told = harmless(text.tell(event));
    if (event.type === 'target-end') write(grouped(told, harmless(logs.take(event))) + failure(event, options));
    else if (told !== '') write(told);
    if (event.type === 'run-end') options.summary?.(summary.markdown(text.failures, text.criticalPath(), event));
  };
}

/** Errors whose details begin with places in the user's own files. */
const CONFIGURATION_CODES: ReadonlySet<string> = new Set(['CONFIG_INVALID', 'PAIFILE_INVALID']);
const LOCATED = /^(.+?:\d+(?::\d+)?): (.*)$/s;

/** What places in annotations are relative to. */
export interface AnnotationPlaces {
  /** Where places in errors are relative to. */
  readonly root: string;
  /** The checked out repository, which annotations are relative to; absent: `root`. */
  readonly workspace?: string | undefined;
}

/** An error as an annotation. A place (`file:line:column`) that it names is made relative to the repository. */
function annotation(error: ErrorReport, title: string, at: AnnotationPlaces): string {
  const place = /^(.+?):(\d+)(?::(\d+))?$/.exec(error.where ?? '');
  const [, file, line, col] = place ?? [];
  const properties = { file: file && relative(file, at.root, at.workspace ?? at.root), line, col, title };
  const message = formatError(error).trimEnd();
  return workflowCommand('error', message, properties);
}

/** The annotations of an error: one for each place that it tells of in the configuration, or one for all of it. */
export function annotations(error: ErrorReport, title: string, at: AnnotationPlaces): string {
  const located = CONFIGURATION_CODES.has(error.code) ? (error.details ?? []).map((line) => LOCATED.exec(line)) : [];
  const found = located.flatMap((match) => (match === null ? [] : [{ where: match[1], message: match[2] ?? '' }]));
  if (found.length === 0) return annotation(error, title, at);
  return found
    .map(({ where, message }) => annotation({ code: error.code, message, ...(where && { where }) }, title, at))
    .join('');
}

function failure({ target, outcome, error }: TargetEnd, options: GithubOptions): string {
  if (outcome !== 'failed') return '';
  return annotation(error ?? { code: 'INTERNAL', message: 'it failed' }, `${target} failed`, options);
}

function grouped(title: string, log: string): string {
  if (log === '') return title;
  const [first = '', ...rest] = title.split('\n');
  return `${workflowCommand('group', first)}${rest.join('\n')}${log}${workflowCommand('endgroup')}`;
}

function relative(file: string, root: string, workspace: string): string {
  const fromWorkspace = path.relative(workspace, path.resolve(root, file));
  return fromWorkspace.split(path.sep).join('/');
}
