import { createHash } from 'node:crypto';
import { changedPlaces, isAsSurveyed } from '../local/survey.js';
import { Tree } from '../local/tree.js';
import type { Drivers } from '../model/drivers.js';
import type { Surveyed } from '../model/local.js';
import type { PlanEntry } from '../model/plan.js';
import { type Outline, outlineOf } from '../paifile/outline.js';
import type { Plan } from '../plan/plan.js';
import { freshEntries, tellUnchanged } from '../run/unchanged.js';
import { readSnapshot, removeSnapshot, writeSnapshot } from '../state/snapshot.js';
import { EXIT, type Invocation, type Options } from './command.js';
import { whileHeld } from './execution.js';
import { allowOptimizer } from './optimizer.js';
import type { OpenPaifile, Project } from './project.js';

/** Numbers that have to be compared from which on optimized code pays for its compilation. */
const LARGE = 150_000;

/** Environment variables. */
type Env = Readonly<Record<string, string | undefined>>;

/** How many places may be different before a plan looks at everything itself. */
const FEW = 64;

/** A selection of which everything is as it was when all of it was found fresh. */
export interface Unchanged {
  readonly kind: 'unchanged';
  /** Names of the targets that were asked for, in order. */
  readonly selected: readonly string[];
  /** A plan of them. */
  readonly entries: readonly PlanEntry[];
  /** Whether no run has remembered anything since. */
  isCurrent(): boolean;
}

/** A selection of which a little is not as it was: a plan is made, and needs to look only at that. */
export interface Changed {
  readonly kind: 'changed';
  readonly surveyed: Surveyed;
}

/** Whether a command with these options may go by a snapshot: nothing but what was asked for decides what it does. */
export function mayGoBySnapshot({ force, only, exclude = [], retryFailed, waitLock }: Options): boolean {
  // Who waits for a lock looks at what there is when the wait is over.
  return ![force, only, retryFailed, waitLock].includes(true) && exclude.length === 0;
}

/**
 * Looks whether all that patterns select is fresh because nothing at all changed since the last run that found it so. Asks for less than a plan does:
 * whether what the paifile says, the environment that it names, what runs remembered, and each file and folder are as they were.
 * Tells what is different where that is a few places; undefined when it is more, or when it can't be told: then a plan has to look at everything.
 */
export function findUnchanged(
  {
    root,
    cacheDirectory,
    paifile,
  }: Pick<OpenPaifile, 'root' | 'cacheDirectory'> & {
    readonly paifile: Pick<OpenPaifile['paifile'], 'outline'>;
  },
  patterns: readonly string[] | 'all targets',
  env: Env = process.env,
): Unchanged | Changed | undefined {
  const snapshot = readSnapshot(cacheDirectory);
  if (snapshot === undefined || !isAbout(snapshot.about, root, patterns)) return undefined;
  const { survey } = snapshot;
  const tree = new Tree(root);
  // The first is what runs remembered: another one means that the rest need not be looked at.
  const [first = ''] = survey.paths;
  const remembered = { paths: [first], rows: survey.rows.subarray(0, 5) };
  if (!isAsSurveyed(tree, remembered)) return undefined;
  const outline = paifile.outline();
  if (outline === undefined || !snapshot.isOf(textOf(outline, env))) return undefined;
  if (survey.rows.length >= LARGE) allowOptimizer();
  const changed = changedPlaces(tree, survey, FEW);
  if (changed === undefined) return undefined;
  const isCurrent = (): boolean => isAsSurveyed(tree, remembered);
  if (changed.length > 0)
    return { kind: 'changed', surveyed: { targets: new Set(snapshot.order), changed, isCurrent } };
  return { kind: 'unchanged', selected: snapshot.selected, entries: freshEntries(snapshot.order), isCurrent };
}

/** A project whose plan goes by what was found already. */
export function withSurvey(opened: OpenPaifile, found: Unchanged | Changed | undefined): OpenPaifile {
  return found?.kind === 'changed' ? { ...opened, surveyed: found.surveyed } : opened;
}

/** Runs a selection of which everything was found fresh. Resolves to the exit code; to undefined when another run came between: then a plan has to be made. */
export async function runUnchanged(
  invocation: Invocation,
  project: OpenPaifile,
  unchanged: Unchanged,
): Promise<number | undefined> {
  return whileHeld(invocation, project, 'run', async ({ began }, { interrupt, reporter, runId }) => {
    if (!unchanged.isCurrent()) return undefined;
    const { selected, entries } = unchanged;
    const interrupted = interrupt.stop.aborted;
    tellUnchanged({ run: runId, selected, entries, began, interrupted }, reporter.tell);
    return interrupt.exitCode ?? EXIT.ok;
  });
}

/**
 * Keeps a snapshot of a plan, if quick looks found all of it fresh and nothing was changed since. Only for who holds the project.
 */
export function keepSnapshot(
  { root, cacheDirectory, graph, code, asksForCluster }: Omit<Project, 'cluster'>,
  patterns: readonly string[],
  { selected, entries, wanted }: Plan,
  { local }: Pick<Drivers, 'local'>,
  env: Env = process.env,
): void {
  if (asksForCluster || wanted.size > 0 || entries.some(({ state }) => state !== 'fresh')) return;
  const outline = outlineOf({ targets: graph.targets.values(), groups: graph.groups.values() }, code);
  if (outline === undefined) return;
  const order = entries.map(({ name }) => name);
  const survey = local.survey(order);
  if (survey === undefined) {
    // One that is out of date would only keep the next run from looking everywhere itself.
    removeSnapshot(cacheDirectory);
    return;
  }
  const about: About = { build: BUILD, root, patterns, whole: order.length === graph.targets.size };
  writeSnapshot(cacheDirectory, {
    about: JSON.stringify(about),
    declared: textOf(outline, env),
    selected,
    order,
    survey,
  });
}

/** Changes with every build: its file is named by its content. */
const BUILD = import.meta.url;

interface About {
  readonly build: string;
  readonly root: string;
  readonly patterns: readonly string[];
  /** Whether all targets are in it. */
  readonly whole: boolean;
}

function isAbout(text: string, root: string, patterns: readonly string[] | 'all targets'): boolean {
  const about: About = JSON.parse(text);
  if (about.build !== BUILD || about.root !== root) return false;
  return patterns === 'all targets' ? about.whole : JSON.stringify(about.patterns) === JSON.stringify(patterns);
}

function textOf({ text, env: names }: Outline, env: Env): string {
  if (names.length === 0) return text;
  // Variables may be secret: only a digest of them is kept.
  const values = names.map((name) => [name, env[name] ?? null]);
  return `${createHash('sha256').update(JSON.stringify(values)).digest('hex')}\n${text}`;
}
