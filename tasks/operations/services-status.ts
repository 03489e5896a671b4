import type {
  JsonObject,
  OperationContext,
  OperationReport,
  PodState,
  ServiceEntry,
  TargetState,
  WorkloadState,
} from 'pai';

const HEAD = ['service', 'workload', 'ready', 'restarts', 'age', 'nodes', 'image'];
/** Nodes that are named; of more only how many. */
const NAMED_NODES = 3;
const DIGEST_DIGITS = 12;

/** How services are: a row for each workload, and below the table why those are not ready that are not. */
export async function serviceStatus(
  services: readonly ServiceEntry[],
  { drivers, signal }: OperationContext,
): Promise<OperationReport> {
  const targets = services.map(({ name }) => `service:${name}`);
  const states = new Map((await drivers.kube.states(targets, signal)).map((state) => [state.target, state]));
  const looks = services.map(({ name }) => lookOf(name, states.get(`service:${name}`)));
  const now = Date.now();
  const problems = looks.flatMap((look) => problemsOf(look));
  const text = [
    ...table([HEAD, ...looks.flatMap((look) => rowsOf(look, now))]),
    ...(problems.length === 0 ? [] : ['', ...problems]),
  ];
  return {
    text: `${text.join('\n')}\n`,
    json: { services: looks.map(jsonOf) },
    exitCode: looks.every(({ state }) => state === 'ready') ? 0 : 1,
  };
}

interface Look {
  readonly name: string;
  readonly state: 'ready' | 'not ready' | 'stopped' | 'unfinished' | 'not deployed';
  readonly found: TargetState | undefined;
}

function lookOf(name: string, found: TargetState | undefined): Look {
  if (found === undefined) return { name, state: 'not deployed', found };
  if (found.stopped) return { name, state: 'stopped', found };
  if (!found.workloads.every(({ complete }) => complete)) return { name, state: 'not ready', found };
  return { name, state: found.finished ? 'ready' : 'unfinished', found };
}

function rowsOf({ name, state, found }: Look, now: number): readonly (readonly string[])[] {
  const workloads = found?.workloads ?? [];
  if (workloads.length === 0) {
    const what = state === 'ready' ? `${found?.objects ?? 0} objects, no pods` : state;
    return [[name, what, '-', '-', '-', '-', '-']];
  }
  return workloads.map((workload, index) => [
    index === 0 ? name : '',
    `${workload.kind} ${workload.name}`,
    `${workload.ready}/${workload.desired}`,
    String(restartsOf(workload.pods)),
    ageOf(workload.pods, now),
    nodesOf(workload.pods),
    workload.images.map(shortImage).join(', ') || '-',
  ]);
}

function restartsOf(pods: readonly PodState[]): number {
  return pods.reduce((sum, { restarts }) => sum + restarts, 0);
}

/** How long the youngest pod has been there: the workload is as it is since then. */
function ageOf(pods: readonly PodState[], now: number): string {
  const made = pods.flatMap((pod) => (pod.made === undefined ? [] : [Date.parse(pod.made)]));
  if (made.length === 0) return '-';
  const seconds = Math.max(0, Math.round((now - Math.max(...made)) / 1000));
  if (seconds < 120) return `${seconds}s`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)}m`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3600)}h`;
  return `${Math.floor(seconds / 86_400)}d`;
}

function nodesOf(pods: readonly PodState[]): string {
  const nodes = [...new Set(pods.flatMap(({ node }) => node ?? []))].sort();
  if (nodes.length === 0) return '-';
  return nodes.length > NAMED_NODES ? `${nodes.length} nodes` : nodes.join(', ');
}

/** `pylon@sha256:0123456789ab` of a name with its registry and the whole digest. */
function shortImage(image: string): string {
  const [place = '', digest] = image.split('@sha256:');
  const name = place.slice(place.lastIndexOf('/') + 1);
  return digest === undefined ? name : `${name}@sha256:${digest.slice(0, DIGEST_DIGITS)}`;
}

function problemsOf({ name, state, found }: Look): readonly string[] {
  switch (state) {
    case 'ready':
      return [];
    case 'stopped':
    case 'not deployed':
      return [`${name} is ${state}: pai service start ${name} brings it up`];
    case 'unfinished':
      return [`${name}: its last deployment did not come to its end: pai run service:${name} goes on`];
    case 'not ready':
      return (found?.workloads ?? []).flatMap((workload) => workloadProblems(name, workload));
  }
}

function workloadProblems(service: string, { complete, kind, name, problem, pods }: WorkloadState): readonly string[] {
  if (complete) return [];
  const told = pods.flatMap(({ problems }) => problems);
  return [`${service}: ${kind} ${name}: ${problem ?? 'not ready'}`, ...told.map((line) => `  ${line}`)];
}

function jsonOf({ name, state, found }: Look): JsonObject {
  const workloads = (found?.workloads ?? []).map(({ problem, images, pods, ...workload }) => ({
    ...workload,
    images: [...images],
    ...(problem !== undefined && { problem }),
    pods: pods.map(({ containers, problems, ...pod }) => ({
      ...pod,
      containers: [...containers],
      problems: [...problems],
    })),
  }));
  return { name, state, objects: found?.objects ?? 0, workloads };
}

function table(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = HEAD.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((text, column) => text.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
