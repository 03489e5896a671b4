import { afterEach, describe, expect, it } from 'vitest';
import { expectEnd } from '../../whole/project.js';
import { whileAsking } from '../asking.js';
import { eventually, type RigCluster } from '../cluster.js';
import { FollowedRun } from '../followed-run.js';

/** Until whoever is in front of the masters has noticed that one is gone, some requests may fail. In milliseconds. */
const NOTICED_AFTER = 20_000;

/** A master whose host is lost while a run changes masters one at a time: three masters behind something, and a worker. */
export function tellLostMaster(cluster: () => RigCluster): void {
  const master = (index: number): string => cluster().masters[index] ?? '';

  /** Starts a run, stops a host once a target has said something, and follows the run to its end. */
  async function losing(host: string, [target, words]: readonly [string, string], ...command: readonly string[]) {
    const run = new FollowedRun(cluster().project, ...command);
    let lost = 0;
    const { asked, failed } = await whileAsking(cluster(), async () => {
      expect(await run.line(target, words), run.text).toBeDefined();
      lost = Date.now();
      await cluster().crash(host);
      expect(await run.end(), run.text).toBe(1);
      // All this time the others have done the work.
      expect(await cluster().etcdctl(master(0), 'endpoint health --cluster 2>&1')).toMatch(/(?:is healthy[\s\S]*){2}/);
      for (let request = 0; request < 6; request++) await cluster().kubectl('get --raw /readyz');
      await cluster().kubectl(`create configmap without-${host}-${lost}`);
    });
    const others = failed
      .map(({ at, until, message }) => ({ from: at - lost, to: until - lost, message }))
      // One that was under way just then may fail, too.
      .filter(({ from, to }) => to < 0 || from > NOTICED_AFTER);
    expect(others).toEqual([]);
    expect(asked).toBeGreaterThan(20);
    process.stderr.write(
      `lost ${host}: ${failed.length} of ${asked} requests failed, all within ${NOTICED_AFTER} ms\n`,
    );
    return run;
  }

  /** The next run, once the host is back. Nothing is left to do after it. */
  async function finish(host: string, ...command: readonly string[]): Promise<readonly string[]> {
    await cluster().start(host);
    const ran: string[] = [];
    await eventually(async () => {
      const result = await cluster().project.pai(...command);
      ran.push(...result.ran);
      expectEnd(result, { failed: 0, skipped: 0 });
    }, 300);
    await eventually(async () => {
      expectEnd(await cluster().project.pai('run', 'services'), { ran: 0, failed: 0, skipped: 0 });
    }, 300);
    return ran;
  }

  describe('a master that is lost while masters are changed', () => {
    // Whatever became of a test, the next one has all hosts.
    afterEach(async () => {
      for (const host of cluster().masters) await cluster().start(host);
    });

    it('is told when it is the one that is being changed, nothing else is touched, and the next run finishes', async () => {
      const { project, workers } = cluster();
      const edited = (text: string) => `${text.replace(/\nmaxPods: \d+/, '').trimEnd()}\nmaxPods: 98\n`;
      await project.edit('templates/kubernetes/kubelet/kubelet.yaml.template', edited);
      const [first, lost, third] = [`etcd:${master(0)}`, `etcd:${master(1)}`, `etcd:${master(2)}`];
      const run = await losing(master(1), [lost, 'starting kubelet'], 'run', 'workers');
      expect(run.ended('ran').filter((name) => name.startsWith('etcd:'))).toEqual([first]);
      expect(Object.keys(run.failures()), run.text).toEqual([lost]);
      const failure = run.failures()[lost];
      expect(failure?.code, run.text).toMatch(/^HOST_(CONNECTION_LOST|UNREACHABLE)$/);
      expect(`${failure?.where} ${failure?.message}`).toContain(master(1));
      expect(failure?.next).toMatch(/\w+/);
      expect(run.ended('skipped')).toEqual(expect.arrayContaining([third, `worker:${workers[0]}`]));
      const ran = await finish(master(1), 'run', 'workers');
      expect(ran).toEqual(expect.arrayContaining([lost, third, `worker:${workers[0]}`]));
      expect(ran).not.toContain(first);
      const pods = await cluster().kubectl('get nodes -o jsonpath={.items[*].status.capacity.pods}');
      expect(pods.split(' ')).toEqual(cluster().hosts.map(() => '98'));
    });

    it('stops the run before the next one when it is another one, which is named, and the next run finishes', async () => {
      const { project } = cluster();
      const grace = (text: string) =>
        text.replace(
          '        - --profiling=false',
          '        - --default-not-ready-toleration-seconds=299\n        - --profiling=false',
        );
      await project.edit('templates/kubernetes/kube-apiserver/kube-apiserver.yaml.template', grace);
      const [first, second, lost] = [`master:${master(0)}`, `master:${master(1)}`, `master:${master(2)}`];
      const run = await losing(master(2), [first, 'waiting for the API server'], 'run', 'masters');
      expect(run.ended('ran')).toEqual([first]);
      expect(Object.keys(run.failures()), run.text).toEqual([second]);
      const failure = run.failures()[second];
      expect(failure?.code, run.text).toBe('UNHEALTHY');
      expect(failure?.where).toContain(master(2));
      expect(failure?.message).toContain(`${lost} is not well any more, so ${second} was left as it is`);
      expect(failure?.next).toContain('run the same command');
      expect(run.ended('skipped')).toContain(lost);
      const ran = await finish(master(2), 'run', 'masters');
      // That whose host was just started may go first, as it is not well yet.
      expect(ran.filter((name) => name.startsWith('master:')).sort()).toEqual([second, lost].sort());
    });
  });
}
