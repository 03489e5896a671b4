import type {
  Drivers,
  LogLine,
  LogOptions,
  Operation,
  OperationContext,
  OperationOptions,
  TargetState,
  WorkloadState,
} from 'pai';
import { afterEach, describe, expect, it } from 'vitest';
import { serviceOperations } from '../../../../tasks/operations/services.js';
import * as fixture from '../../cluster/configuration-fixture.js';
import { edited, failure, LIST, removeEdited } from '../../cluster/configuration-fixture.js';
import { asPai } from '../templates.js';

afterEach(removeEdited);

const LISTED = `cluster-configuration: {}
  webportal: {prerequisite: [rest-server], image: [derived]}
  rest-server: {prerequisite: [cluster-configuration], data: [rest]}
  cleaning: {prerequisite: [cluster-configuration], clean-only: true}`;

interface World {
  readonly states?: readonly Partial<TargetState>[];
  readonly lines?: readonly LogLine[];
  readonly options?: OperationOptions;
}

/** What was printed, and what logs were asked for. */
interface Seen {
  text: string;
  asked: LogOptions[];
}

async function operation<Kind extends 'plan' | 'report'>(
  kind: Kind,
  action: string,
): Promise<Extract<Operation, Record<Kind, unknown>>> {
  const folder = edited(
    [LIST, 'pylon: {}', 'pylon: {}\n  base: {}\n  derived: {prerequisite: [base]}'],
    [LIST, 'cluster-configuration: {}', LISTED],
  );
  const all = serviceOperations(asPai(await fixture.load(folder)), { root: folder, cache: folder });
  const found = all.find(({ name }) => name === `service ${action}`);
  if (found === undefined || !(kind in found)) throw new Error(`no ${action}`);
  return found as Extract<Operation, Record<Kind, unknown>>;
}

function contextOf(
  words: readonly string[],
  { states = [], lines = [], options = {} }: World,
  seen?: Seen,
): OperationContext {
  const whole = states.map((state) => ({
    target: '',
    stopped: false,
    finished: true,
    objects: 1,
    workloads: [],
    ...state,
  }));
  const kube = {
    states: async (targets: readonly string[]) => whole.filter(({ target }) => targets.includes(target)),
    logs: async (_target: string, wanted: LogOptions, tell: (line: LogLine) => void) => {
      seen?.asked.push(wanted);
      for (const line of lines) tell(line);
      return lines.length;
    },
  };
  return {
    drivers: { kube } as unknown as Drivers,
    words,
    options,
    assess: async () => [],
    isTarget: () => true,
    print: (text) => {
      if (seen !== undefined) seen.text += text;
    },
    signal: new AbortController().signal,
    log: () => undefined,
  };
}

const plan = async (action: string, words: readonly string[], world: World = {}) =>
  (await operation('plan', action)).plan(contextOf(words, world));
const report = async (action: string, words: readonly string[], world: World = {}, seen?: Seen) =>
  (await operation('report', action)).report(contextOf(words, world, seen));
const stepsOf = async (action: string, words: readonly string[], world: World = {}) =>
  (await plan(action, words, world)).steps.map(({ name }) => name);

describe('starting services', () => {
  it('brings up what they need of services and images, and nothing else', async () => {
    const { steps, targets } = await plan('start', ['webportal']);
    expect(steps).toEqual([]);
    expect(targets?.map(({ name }) => name)).toEqual([
      'image:derived',
      'image:base',
      'service:webportal',
      'service:rest-server',
      'service:cluster-configuration',
    ]);
    const all = (await plan('start', [])).targets?.map(({ name }) => name) ?? [];
    expect(all).toEqual(expect.arrayContaining(['service:pylon', 'service:webportal']));
    expect(all).not.toContain('service:cleaning');
  });
});

describe('stopping services', () => {
  it('goes backwards, tells who needs them, and asks where nobody named one', async () => {
    expect(await stepsOf('stop', ['rest-server', 'webportal'])).toEqual(['stop:webportal', 'stop:rest-server']);
    const one = await plan('stop', ['service:rest-server']);
    expect(one.notes).toEqual(['rest-server is needed by webportal: left as it is']);
    expect(one.question).toBeUndefined();
    const all = await plan('stop', []);
    expect(all.question).toBe('stop all 4 services');
    expect(all.steps.at(-1)?.name).toBe('stop:cluster-configuration');
  });
});

describe('restarting services', () => {
  const running = { target: 'service:rest-server' };

  it('goes in the order of what they need, and of all restarts only those that run', async () => {
    const states = [{ target: 'service:webportal' }, running, { target: 'service:pylon', stopped: true }];
    expect(await stepsOf('restart', ['webportal', 'rest-server'], { states })).toEqual([
      'restart:rest-server',
      'restart:webportal',
    ]);
    const all = await plan('restart', [], { states });
    expect(all.steps.map(({ name }) => name)).toEqual(['restart:rest-server', 'restart:webportal']);
    expect(all.question).toBe('restart all 2 services that run');
  });

  it('is refused for one that does not run', async () => {
    const states = [running, { target: 'service:pylon', stopped: true }];
    const refusal = (words: readonly string[]) => failure(plan('restart', words, { states }));
    expect(await refusal(['rest-server', 'pylon'])).toMatchObject({
      code: 'REFUSED',
      message: 'pylon is stopped: there is nothing to restart',
    });
    expect(await refusal(['webportal'])).toMatchObject({
      message: 'webportal was never deployed: there is nothing to restart',
    });
  });
});

describe('deleting a service', () => {
  it('has its name typed, and says which data goes', async () => {
    const { typed, question, steps, notes } = await plan('delete', ['rest-server']);
    expect(typed).toEqual({
      lines: ['service:rest-server: removes its objects; deletes /datastorage/rest on every host'],
      meaning: 'the name of the service',
      word: 'rest-server',
    });
    expect([question, notes]).toEqual([undefined, ['rest-server is needed by webportal: left as it is']]);
    expect(steps.map(({ name }) => name)).toEqual(['delete:rest-server']);
  });

  it('is of one at a time', async () => {
    expect(await failure(plan('delete', []))).toMatchObject({
      code: 'USAGE',
      next: 'There are: cluster-configuration, rest-server, webportal, pylon.',
    });
    expect(await failure(plan('delete', ['pylon', 'webportal']))).toMatchObject({ code: 'USAGE' });
  });
});

describe('a name that is none', () => {
  it('is told with one that it may stand for', async () => {
    expect(await failure(plan('stop', ['webprotal']))).toMatchObject({
      code: 'UNKNOWN_NAME',
      message: "there is no service 'webprotal'; did you mean webportal?",
    });
    expect((await failure(plan('start', ['cleaning']))).message).toContain('cleaning is clean-only');
  });
});

const pod = (name: string, rest: object = {}) => ({
  namespace: 'default',
  name,
  node: '10.1.0.11',
  ready: true,
  restarts: 0,
  made: new Date(Date.now() - 3_000_000).toISOString(),
  containers: ['main'],
  problems: [],
  ...rest,
});
const workload = (rest: Partial<WorkloadState>): WorkloadState => ({
  kind: 'Deployment',
  namespace: 'default',
  name: 'portal',
  images: [`registry.example:5000/pai/portal@sha256:${'0123456789abcdef'.repeat(4)}`],
  desired: 1,
  ready: 1,
  complete: true,
  pods: [pod('portal-1')],
  ...rest,
});

describe('the status of services', () => {
  it('is a table, with what is wrong below, and the exit code says whether all is well', async () => {
    const states = [
      { target: 'service:cluster-configuration', objects: 4 },
      { target: 'service:rest-server', stopped: true },
      {
        target: 'service:webportal',
        workloads: [
          workload({}),
          workload({
            kind: 'DaemonSet',
            name: 'exporter',
            images: ['exporter:1', 'other:2'],
            desired: 5,
            ready: 3,
            complete: false,
            problem: '3 of 5 pods ready',
            pods: [
              ...['1', '2', '3'].map((id) => pod(`exporter-${id}`, { node: `10.1.0.${id}` })),
              pod('exporter-4', {
                node: '10.1.0.4',
                ready: false,
                restarts: 7,
                problems: ['pod exporter-4 on node 10.1.0.4: it crashed', 'BackOff: again'],
              }),
            ],
          }),
        ],
      },
    ];
    const { text, exitCode } = await report('status', [], { states });
    const rows = text.split('\n').map((line) => line.trimEnd().split(/ {2,}/));
    expect(rows.slice(0, 6)).toEqual([
      ['service', 'workload', 'ready', 'restarts', 'age', 'nodes', 'image'],
      ['cluster-configuration', '4 objects, no pods', '-', '-', '-', '-', '-'],
      ['rest-server', 'stopped', '-', '-', '-', '-', '-'],
      ['webportal', 'Deployment portal', '1/1', '0', '50m', '10.1.0.11', 'portal@sha256:0123456789ab'],
      ['', 'DaemonSet exporter', '3/5', '7', '50m', '4 nodes', 'exporter:1, other:2'],
      ['pylon', 'not deployed', '-', '-', '-', '-', '-'],
    ]);
    expect(text.split('\n').slice(6)).toEqual([
      '',
      'rest-server is stopped: pai service start rest-server brings it up',
      'webportal: DaemonSet exporter: 3 of 5 pods ready',
      '  pod exporter-4 on node 10.1.0.4: it crashed',
      '  BackOff: again',
      'pylon is not deployed: pai service start pylon brings it up',
      '',
    ]);
    expect(exitCode).toBe(1);
    const well = await report('status', ['cluster-configuration'], { states });
    expect(well.exitCode).toBe(0);
    expect(well.text.split('\n')).toHaveLength(3);
  });

  it('tells a deployment that did not come to its end', async () => {
    const { text, exitCode } = await report('status', ['pylon'], {
      states: [{ target: 'service:pylon', finished: false, workloads: [workload({})] }],
    });
    expect(text).toContain('pai run service:pylon goes on');
    expect(exitCode).toBe(1);
  });

  it('is whole as JSON', async () => {
    const { json } = await report('status', ['webportal'], {
      states: [{ target: 'service:webportal', workloads: [workload({})] }],
    });
    expect(json).toMatchObject({
      services: [
        {
          name: 'webportal',
          state: 'ready',
          workloads: [{ kind: 'Deployment', ready: 1, pods: [{ name: 'portal-1', node: '10.1.0.11' }] }],
        },
      ],
    });
  });
});

describe('logs of a service', () => {
  const lines: readonly LogLine[] = [{ pod: 'portal-1', container: 'main', line: 'hello' }];
  const read = async (world: World): Promise<Seen> => {
    const seen: Seen = { text: '', asked: [] };
    await report('logs', ['webportal'], { lines, ...world }, seen);
    return seen;
  };

  it('are lines alone where there is one container, else with whose they are', async () => {
    const one = [{ target: 'service:webportal', workloads: [workload({})] }];
    const two = [{ target: 'service:webportal', workloads: [workload({ pods: [pod('portal-1'), pod('portal-2')] })] }];
    expect(await read({ states: one })).toEqual({ text: 'hello\n', asked: [{ follow: false, tail: 100 }] });
    expect((await read({ states: two })).text).toBe('portal-1/main: hello\n');
    const followed = await read({ states: one, options: { follow: true, tail: 3, container: 'main' } });
    expect(followed).toEqual({ text: 'portal-1/main: hello\n', asked: [{ follow: true, tail: 3, container: 'main' }] });
    expect((await read({ states: one, options: { json: true } })).text).toBe(`${JSON.stringify(lines[0])}\n`);
  });

  it('are refused where nothing runs', async () => {
    expect(await failure(read({}))).toMatchObject({
      code: 'UNKNOWN_NAME',
      message: 'service:webportal was never deployed: it has no pods',
    });
    const stopped = [{ target: 'service:webportal', stopped: true }];
    expect((await failure(read({ states: stopped }))).message).toBe('service:webportal is stopped: it has no pods');
  });
});
