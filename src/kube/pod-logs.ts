import { PaiError } from '../model/errors.js';
import type { JsonObject } from '../model/json.js';
import { listAt, textAt } from '../model/json-path.js';
import { didYouMean } from '../model/suggest.js';
import type { LogLine, LogOptions } from '../model/workloads.js';
import { pause } from './client.js';
import { isWorkload } from './kinds.js';
import { readInventories } from './looks.js';
import type { KubeObjects } from './objects.js';

/** Milliseconds between looks for new pods while logs are followed. */
const LOOK_MS = 2000;

interface Source {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
}

/**
 * Tells the last lines that the containers of a target's pods wrote, one container after the other; with `follow` all at once and what comes then, also of
 * pods that come into being, until the signal is aborted. Nothing but one line is held. Resolves to how many containers were read.
 * Fails with UNKNOWN_NAME when none of its pods has the container that was asked for.
 */
export async function podLogs(
  objects: KubeObjects,
  target: string,
  options: LogOptions,
  tell: (line: LogLine) => void,
  signal: AbortSignal,
): Promise<number> {
  const sources = await sourcesOf(objects, target, options.container, signal);
  if (options.follow !== true) {
    for (const source of sources) await read(objects, source, options, tell, signal);
    return sources.length;
  }
  const open = new Map<string, Promise<void>>();
  /** When those that ended did: a container that is started anew goes on from there. */
  const ended = new Map<string, string>();
  let known = sources;
  for (;;) {
    for (const source of known) {
      const key = `${source.namespace}/${source.pod}/${source.container}`;
      if (open.has(key)) continue;
      const since = ended.get(key);
      const reading = read(objects, source, { ...options, ...(since !== undefined && { since }) }, tell, signal);
      const done = reading.then(
        () => undefined,
        (error: unknown) => tell({ pod: source.pod, container: source.container, line: brokeOff(error) }),
      );
      open.set(
        key,
        done.then(() => {
          open.delete(key);
          ended.set(key, new Date().toISOString());
        }),
      );
    }
    await pause(LOOK_MS, signal).catch(() => undefined);
    if (signal.aborted) break;
    known = await sourcesOf(objects, target, options.container, signal);
  }
  await Promise.all(open.values());
  return ended.size;
}

async function sourcesOf(
  objects: KubeObjects,
  target: string,
  wanted: string | undefined,
  signal: AbortSignal,
): Promise<readonly Source[]> {
  const inventory = (await readInventories(objects, signal)).get(target);
  const workloads = (inventory?.objects ?? []).filter(isWorkload);
  const pods = await Promise.all(
    workloads.map(async (id): Promise<readonly JsonObject[]> => {
      const workload = await objects.get(id, signal);
      if (workload === undefined) return [];
      return id.kind === 'Pod' ? [workload] : objects.podsOf(id, workload, signal);
    }),
  );
  const all = pods.flat().flatMap((pod) =>
    containersOf(pod).map((container) => ({
      namespace: textAt(pod, 'metadata', 'namespace') ?? 'default',
      pod: textAt(pod, 'metadata', 'name') ?? '',
      container,
    })),
  );
  if (wanted === undefined) return all.filter(({ container }) => !isInit(pods.flat(), container));
  const found = all.filter(({ container }) => container === wanted);
  if (found.length > 0 || all.length === 0) return found;
  const names = [...new Set(all.map(({ container }) => container))];
  const meant = didYouMean(wanted, names);
  throw new PaiError(
    'UNKNOWN_NAME',
    `no pod of ${target} has a container '${wanted}'${meant === undefined ? '' : `; ${meant}`}`,
    {
      where: target,
      next: `There are: ${names.join(', ')}.`,
    },
  );
}

/** Those that come first among them: they are read only when they are named. */
function containersOf(pod: JsonObject): readonly string[] {
  const containers = [...listAt(pod, 'spec', 'initContainers'), ...listAt(pod, 'spec', 'containers')];
  return containers.flatMap((container) => textAt(container, 'name') ?? []);
}

function isInit(pods: readonly JsonObject[], name: string): boolean {
  return !pods.some((pod) => listAt(pod, 'spec', 'containers').some((container) => textAt(container, 'name') === name));
}

async function read(
  objects: KubeObjects,
  { namespace, pod, container }: Source,
  { follow, tail, since }: LogOptions & { readonly since?: string },
  tell: (line: LogLine) => void,
  signal: AbortSignal,
): Promise<void> {
  const request = {
    path: `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(pod)}/log`,
    query: {
      container,
      ...(since === undefined ? { tailLines: String(tail) } : { sinceTime: since }),
      ...(follow === true ? { follow: 'true' } : {}),
    },
    what: `read the log of pod ${pod}`,
    signal,
  };
  try {
    for await (const line of objects.client.lines(request)) tell({ pod, container, line });
  } catch (error) {
    if (signal.aborted) return;
    // A container that does not run yet, or whose node is away, must not hide what the others say.
    if (!(error instanceof PaiError) || error.code !== 'KUBE_REFUSED') throw error;
    if (since === undefined) tell({ pod, container, line: `(no log: ${error.message})` });
  }
}

function brokeOff(error: unknown): string {
  return `(the log broke off: ${error instanceof Error ? error.message : String(error)})`;
}
