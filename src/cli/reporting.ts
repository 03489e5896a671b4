import { appendFileSync, closeSync, ftruncateSync, openSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { PaiError } from '../model/errors.js';
import { plainReporter } from '../report/plain.js';
import type { OpenReporter, Reporter, Write } from '../report/reporter.js';
import { canMoveCursor, colourStyle, type Environment, plainStyle, wantsColour } from '../report/style.js';
import { type Invocation, type OutputFormat, wantsJson } from './command.js';
import type { Io } from './io.js';

/** What a reporter is told about besides events. */
export interface ReportingOptions {
  /** The folder of paifile.ts, absolute: places in errors are relative to it. */
  readonly root: string;
  /** The command that takes the run up again where it failed. */
  readonly resume: string;
}

/** How a run is told when nothing else is asked for. */
export function defaultFormat({ env = {}, screen }: Pick<Io, 'env' | 'screen'>): OutputFormat {
  if (env.GITHUB_ACTIONS === 'true') return 'github';
  return screen !== undefined && canMoveCursor(env) ? 'tty' : 'plain';
}

/**
 * The reporter that the command line and its surroundings ask for, with a profile beside it where one is wanted. All but the
 * plain one are loaded only when they are used. Throws USAGE when it can't be had, before anything is touched.
 */
export async function openReporter(invocation: Invocation, options: ReportingOptions): Promise<OpenReporter> {
  const { io } = invocation;
  const format = wantsJson(invocation.options) ? 'json' : (invocation.options.output ?? defaultFormat(io));
  const profile = await openProfile(invocation, options);
  try {
    const reporter = await openExplaining(format, invocation, options);
    return profile === undefined ? reporter : both(reporter, profile);
  } catch (thrown) {
    profile?.close();
    throw thrown;
  }
}

/** With --explain, whole reasons below each target's line; machines have them anyway. */
async function openExplaining(
  format: OutputFormat,
  invocation: Invocation,
  options: ReportingOptions,
): Promise<OpenReporter> {
  const reporter = await openFormat(format, invocation, options);
  if (invocation.options.explain !== true || format === 'json') return reporter;
  const { explainingReporter } = await import('../report/explain.js');
  const drawn = format === 'tty';
  return { ...reporter, tell: explainingReporter(reporter.tell, drawn ? reporter.say : invocation.io.stdout, drawn) };
}

async function openFormat(
  format: OutputFormat,
  invocation: Invocation,
  { root, resume }: ReportingOptions,
): Promise<OpenReporter> {
  const { io, began } = invocation;
  const { env = {}, screen } = io;
  const verbose = invocation.options.verbose === true;
  const style = wantsColour(env, screen !== undefined) ? colourStyle : plainStyle;
  switch (format) {
    case 'json':
      return linesOnly((await import('../report/json.js')).jsonReporter(io.stdout), io);
    case 'plain':
      return linesOnly(plainReporter(io.stdout, { verbose, resume, style }), io);
    case 'grouped':
      return linesOnly((await import('../report/grouped.js')).groupedReporter(io.stdout, { resume, style }), io);
    case 'github': {
      const { githubReporter } = await import('../report/github.js');
      const summary = summaryFile(env, io);
      const workspace = env.GITHUB_WORKSPACE;
      return linesOnly(githubReporter(io.stdout, { resume, root, workspace, summary, style }), io);
    }
    case 'tty': {
      if (screen === undefined) {
        throw new PaiError('USAGE', '--output tty needs a terminal, and standard output is none', {
          next: 'Use --output plain or --output grouped, or leave it out.',
        });
      }
      return (await import('../report/tty.js')).ttyReporter(screen, { style, verbose, began, resume });
    }
  }
}

/** Reporters that only write lines have nothing to pause or to let go of. */
function linesOnly(tell: Reporter, io: Io): OpenReporter {
  return { tell, say: io.stderr, pause: () => () => undefined, close: () => undefined };
}

function both(reporter: OpenReporter, profile: Pick<OpenReporter, 'tell' | 'close'>): OpenReporter {
  return {
    ...reporter,
    tell(event) {
      reporter.tell(event);
      profile.tell(event);
    },
    close() {
      reporter.close();
      profile.close();
    },
  };
}

/** The file that GitHub shows below the steps of a job. Without it the run is as good, so that it only warns. */
function summaryFile({ GITHUB_STEP_SUMMARY: file }: Environment, { stderr }: Io): Write | undefined {
  if (file === undefined || file === '') return undefined;
  return (text) => {
    try {
      appendFileSync(file, text);
    } catch (thrown) {
      stderr(`warning: the step summary can't be written: ${message(thrown)}\n`);
    }
  };
}

/** A trace that is written when it is closed, also of a run that did not come to its end. */
async function openProfile(
  { options, io, began }: Invocation,
  { resume }: ReportingOptions,
): Promise<Pick<OpenReporter, 'tell' | 'close'> | undefined> {
  if (options.profile === undefined) return undefined;
  const file = path.resolve(io.cwd, options.profile);
  const descriptor = open(file, options.profile);
  const { Profile } = await import('../report/profile.js');
  const profile = new Profile(resume, began);
  let closed = false;
  return {
    tell: (event) => profile.tell(event),
    close() {
      if (closed) return;
      closed = true;
      try {
        ftruncateSync(descriptor);
        writeFileSync(descriptor, profile.toJson());
      } catch (thrown) {
        io.stderr(`warning: the profile can't be written: ${message(thrown)}\n`);
      } finally {
        closeSync(descriptor);
      }
    },
  };
}

/** Opened before the run, which should not end with this news. What was in it stays until there is something better. */
function open(file: string, given: string): number {
  try {
    return openSync(file, 'a');
  } catch (thrown) {
    throw new PaiError('USAGE', `--profile ${given} can't be written: ${message(thrown)}`, {
      next: 'Name a file in a folder that exists and that you may write to.',
      cause: thrown,
    });
  }
}

function message(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
