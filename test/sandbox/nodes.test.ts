import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectEnd, type Result } from '../whole/project.js';
import { SandboxProject } from './sandbox.js';

/** Machines come and go on a simulated cluster. Tests go in order; each starts where the last one left the cluster. */
describe('machines of a cluster', { timeout: 400_000 }, () => {
  let project: SandboxProject;
  const place = () => path.join(project.configuration, 'cluster-configuration.yaml');
  const file = () => readFile(place(), 'utf8');
  const list = async (text: string, name = 'machines.yaml'): Promise<string> => {
    const at = path.join(project.clone, name);
    await writeFile(at, text);
    return at;
  };
  const machine = (name: string, address: string, rest = 'k8s-role: worker, pai-worker: true') =>
    `machine-list:\n  - {hostname: ${name}, hostip: ${address}, machine-type: SIMULATED, ${rest}}\n`;
  const says = async (...words: string[]) => (await project.says(...words, '--sandbox')).stdout;
  /** A refusal: exit code 2, and the file as it was. */
  const refused = async (...words: string[]): Promise<Result> => {
    const before = await file();
    const result = await project.pai('nodes', ...words);
    expect(result.code, result.text).toBe(2);
    expect(await file()).toBe(before);
    return result;
  };

  beforeAll(async () => {
    project = await SandboxProject.create({ masters: 3, workers: 2, proxy: true });
    expectEnd(await project.pai('run', 'services', 'kubernetes'), { failed: 0, skipped: 0 });
  }, 400_000);
  afterAll(() => project.remove());

  it('only the new one is touched when one is added to the file and workers are run', async () => {
    await project.sandbox('grow', '--workers', '1');
    const result = await project.pai('run', 'workers');
    expectEnd(result, { ran: 2, failed: 0, skipped: 0 });
    expect([...result.ran].sort()).toEqual(['host:worker3', 'worker:worker3']);
  });

  it('one is drained, cleaned and taken out of the file, and of nothing else', async () => {
    const comment = '# ours\n';
    await writeFile(place(), comment + (await file()));
    const before = await file();
    const result = await project.pai('nodes', 'remove', 'worker3');
    expectEnd(result, { failed: 0, skipped: 0 });
    expect(result.ran).toEqual([
      'drain:worker3',
      'clean-worker:worker3',
      'clean-host:worker3',
      'node:worker3',
      'configuration:worker3',
    ]);
    const after = await file();
    expect(after.startsWith(comment)).toBe(true);
    expect(after).not.toContain('worker3');
    expect(before.startsWith(after)).toBe(true);
    expect(await project.onHost('worker3', 'docker ps -aq; ls -A "$ROOT/etc/kubernetes" 2>/dev/null')).toBe('');
    expectEnd(await project.pai('run', 'workers'), { ran: 0, failed: 0 });
    expect(await says('plan')).not.toContain('orphan');
  });

  it('one comes with `nodes add`, which writes it into the file; doing it again is harmless', async () => {
    const before = await file();
    const at = await list(
      'hostname,hostip,machine-type,k8s-role,pai-worker,password\nworker3,10.77.2.3,SIMULATED,worker,true,!env NODE_PASSWORD\n',
      'machines.csv',
    );
    process.env.NODE_PASSWORD = 'simulated';
    const dry = await project.says('nodes', 'add', '-f', at, '--dry-run', '--sandbox');
    expect(dry.stdout).toMatch(/worker3 would be added to .*cluster-configuration.yaml/);
    expect(await file()).toBe(before);
    const login = /password: (.*)/.exec(before)?.[1] ?? '';
    process.env.NODE_PASSWORD = login.replaceAll(/['"]/g, '');
    const result = await project.pai('nodes', 'add', '-f', at);
    expectEnd(result, { ran: 2, failed: 0, skipped: 0 });
    expect([...result.ran].sort()).toEqual(['host:worker3', 'worker:worker3']);
    const after = await file();
    expect(after.startsWith(before)).toBe(true);
    expect(after).toContain('password: !env NODE_PASSWORD');
    expectEnd(await project.pai('nodes', 'add', '-f', at), { ran: 0, failed: 0 });
    expect(await file()).toBe(after);
  });

  it('what is wrong with a list is told with its place, and nothing is changed', async () => {
    const unknown = await refused('add', '-f', await list(machine('w9', '10.77.2.3').replace('SIMULATED', 'SIMULATE')));
    expect(unknown.text).toMatch(/machines.yaml:2:\d+: hostip \\?"10.77.2.3\\?" is that of \\?"worker3/);
    expect(unknown.text).toMatch(/machine-type \\?"SIMULATE\\?" is not in machine-sku; did you mean SIMULATED/);
    const master = await refused('add', '-f', await list(machine('m9', '10.77.0.9', 'k8s-role: master')));
    expect(master.text).toContain('is a master and has no etcdid');
    const proxies = await refused('add', '-f', await list(machine('p9', '10.77.0.9', 'k8s-role: proxy')));
    expect(proxies.text).toContain('only one machine may have k8s-role: proxy');
    const other = await refused('add', '-f', await list(machine('worker1', '10.77.2.77')));
    expect(other.text).toContain('make them the same');
    const two = ['8', '9'].map(
      (id) => `{hostname: m${id}, hostip: 10.77.0.${id}, machine-type: SIMULATED, k8s-role: master, etcdid: e${id}}`,
    );
    const masters = await refused('add', '-f', await list(`machinelist: [${two.join(', ')}]`));
    expect(masters.text).toContain('masters come and go one at a time');
    expect((await refused('add', '-f', 'nowhere.yaml')).text).toContain('CONFIG_MISSING');
    expect((await refused('add')).text).toContain('USAGE');
  });

  it('what can not go is refused', async () => {
    expect((await refused('remove', 'master1')).text).toContain('pai-master');
    expect((await refused('remove', 'proxy1')).text).toContain('load-balance-ip is its address');
    expect((await refused('remove', 'master2', 'master3')).text).toContain('one at a time');
    expect((await refused('remove', 'wrker1')).text).toContain('did you mean worker1');
    expect((await refused('remove')).text).toContain('USAGE');
    expect((await refused('ad')).text).toContain('did you mean add?');
  });

  it('a dead one is taken out, and told not to be clean', async () => {
    await project.sandbox('fault', 'worker3', 'down');
    const result = await project.pai('nodes', 'remove', 'worker3');
    expectEnd(result, { failed: 0, skipped: 0 });
    expect(result.ran).toEqual(['node:worker3', 'configuration:worker3']);
    expect(result.text).toMatch(/worker3 can't be reached .*, so it is not cleaned/);
    expect(await file()).not.toContain('worker3');
  });

  it('one that comes back is an orphan, told by plan and removed by prune', async () => {
    await project.sandbox('lift', 'worker3');
    await project.onHost('worker3', 'docker restart kubelet');
    expect(await says('plan')).toContain(
      'orphan, a node in the cluster and not in the configuration: 10.77.2.3; pai prune removes it',
    );
    expect(JSON.parse(await says('plan', '--json'))).toMatchObject({ orphans: ['10.77.2.3'] });
    const asked = await project.pai('prune');
    expect(asked.code, asked.text).toBe(2);
    expect(asked.text).toContain('drain and delete node 10.77.2.3');
    const result = await project.pai('prune', '--yes');
    expectEnd(result, { failed: 0, skipped: 0 });
    expect(result.ran).toEqual(['drain:10.77.2.3', 'node:10.77.2.3']);
    expect(await says('plan')).not.toContain('orphan');
    expect((await project.pai('prune', '--yes')).text).toContain('nothing to prune');
  });

  it('a master goes with its member of etcd, and comes back', async () => {
    const before = await file();
    const gone = await project.pai('nodes', 'remove', 'master2');
    expectEnd(gone, { failed: 0, skipped: 0 });
    expect(gone.ran).toEqual(expect.arrayContaining(['etcd-remove:master2', 'clean-etcd:master2', 'master:master1']));
    expect(gone.ran.some((target) => target.startsWith('worker:'))).toBe(false);
    expectEnd(await project.pai('run', 'kubernetes'), { ran: 0, failed: 0 });
    const etcdid = /hostname: master2[\s\S]*?etcdid: (\S+)/.exec(before)?.[1] ?? '';
    const address = /hostname: master2\s+hostip: (\S+)/.exec(before)?.[1] ?? '';
    const at = await list(machine('master2', address, `k8s-role: master, etcdid: ${etcdid}`));
    const added = await project.pai('nodes', 'add', '-f', at);
    expectEnd(added, { failed: 0, skipped: 0 });
    expect(added.ran).toEqual(expect.arrayContaining(['etcd:master2', 'master:master2', 'master:master3']));
    expectEnd(await project.pai('run', 'kubernetes'), { ran: 0, failed: 0 });
  });

  it('an interrupted removal is finished by the next call', async () => {
    await project.sandbox('grow', '--workers', '1');
    const [added] = /worker\d+(?!.*worker\d+)/s.exec(await file()) ?? [''];
    expectEnd(await project.pai('run', 'workers'), { failed: 0 });
    const child = project.start('nodes', 'remove', added);
    const killAtCleaning = (text: string): void => {
      if (/run +clean-(worker|host)/.test(text)) child.kill('SIGKILL');
    };
    child.stdout?.on('data', killAtCleaning);
    child.stderr?.on('data', killAtCleaning);
    await new Promise((resolve) => child.on('exit', resolve));
    expect(await file()).toContain(added);
    expectEnd(await project.pai('nodes', 'remove', added), { failed: 0, skipped: 0 });
    expect(await file()).not.toContain(added);
    expect(await says('plan')).not.toContain('orphan');
  });
});
