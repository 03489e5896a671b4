import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectEnd, expectFailure, type Result } from '../whole/project.js';
import { SandboxProject } from './sandbox.js';

/** What people do to services. Tests go in order; each starts where the last one left the cluster. */
describe('services', { timeout: 300_000 }, () => {
  let project: SandboxProject;
  const inClone = (file: string) => path.join(project.clone, file);
  const list = () => readFile(inClone('service-list.yaml'), 'utf8');
  const says = async (...words: string[]) => (await project.says(...words, '--sandbox')).stdout;
  const states = async (): Promise<Readonly<Record<string, string>>> => {
    const told = await project
      .says('service', 'status', '--json', '--sandbox')
      .catch((error: { stdout: string }) => error);
    const { services } = JSON.parse(told.stdout) as { services: readonly { name: string; state: string }[] };
    return Object.fromEntries(services.map(({ name, state }) => [name, state]));
  };
  /** A refusal: exit code 2, and the list as it was. */
  const refused = async (...words: string[]): Promise<Result> => {
    const before = await list();
    const result = await project.pai('service', ...words);
    expect(result.code, result.text).toBe(2);
    expect(await list()).toBe(before);
    return result;
  };

  beforeAll(async () => {
    project = await SandboxProject.create({ masters: 1, workers: 1, proxy: false });
    expectEnd(await project.pai('run', 'services'), { failed: 0, skipped: 0 });
  }, 300_000);
  afterAll(() => project.remove());

  it('are told with their pods, nodes and images', async () => {
    const [head = '', configuration = '', pylon = '', ...more] = (await says('service', 'status')).split('\n');
    expect(head.split(/\s+/)).toEqual(['service', 'workload', 'ready', 'restarts', 'age', 'nodes', 'image']);
    expect(configuration).toMatch(/^cluster-configuration {2,}\d+ objects, no pods +- /);
    expect(pylon).toMatch(/^pylon +DaemonSet pylon +1\/1 +0 +\d+s +10\.77\.0\.1 +pylon@sha256:[0-9a-f]{12}$/);
    expect(more).toEqual(['']);
  });

  it('have logs', async () => {
    expect(await says('service', 'logs', 'pylon')).toBe(
      `${(await says('service', 'logs', 'pylon', '--container', 'pylon', '--tail', '1')).trimEnd()}\n`,
    );
    const unknown = await refused('logs', 'pylon', '--container', 'nginx');
    expect(unknown.text).toContain('There are: pylon.');
  });

  it('are restarted, and are fresh then', async () => {
    const before = await says('service', 'logs', 'pylon');
    expectEnd(await project.pai('service', 'restart', 'pylon'), { ran: 1, failed: 0 });
    expect(await says('service', 'logs', 'pylon')).not.toBe(before);
    expectEnd(await project.pai('run', 'services'), { ran: 0, failed: 0 });
  });

  it('that are stopped are told by plan and status, can not be restarted, and start again', async () => {
    expectEnd(await project.pai('service', 'stop', 'pylon'), { ran: 1, failed: 0 });
    expect(await states()).toEqual({ 'cluster-configuration': 'ready', pylon: 'stopped' });
    expect(await says('plan', 'services')).toMatch(
      /^stale +service:pylon +not well: it was stopped by pai service stop$/m,
    );
    expect((await refused('restart', 'pylon')).text).toContain('pylon is stopped');
    expect((await refused('logs', 'pylon')).text).toContain('pylon is stopped');
    const started = await project.pai('service', 'start', 'pylon');
    expectEnd(started, { ran: 1, failed: 0 });
    expect(started.ran).toEqual(['service:pylon']);
    expectEnd(await project.pai('service', 'start'), { ran: 0, failed: 0 });
  });

  it('ask before all of them are stopped, and stop in reverse order', async () => {
    expect((await refused('stop')).text).toContain('stop all 2 services');
    const stopped = await project.pai('service', 'stop', '--yes');
    expectEnd(stopped, { failed: 0, skipped: 0 });
    expect(stopped.ran).toEqual(['stop:pylon', 'stop:cluster-configuration']);
    expectEnd(await project.pai('run', 'services'), { ran: 1, failed: 0 });
  });

  it('give nodes their labels again', async () => {
    expectEnd(await project.pai('service', 'refresh', 'pylon'), { ran: 1, failed: 0 });
    expectEnd(await project.pai('run', 'services'), { ran: 0, failed: 0 });
  });

  it('are refused by name, by number and by option', async () => {
    expect((await refused('status', 'plyon')).text).toContain('did you mean pylon?');
    expect((await refused('delete')).text).toContain('say which service');
    expect((await refused('logs', 'pylon', 'cluster-configuration')).text).toContain('one service at a time');
    expect((await refused('begin')).text).toContain('There are: status, logs');
    expect((await refused('stop', 'pylon', '--follow')).text).toContain('an option of pai service logs');
  });

  it('come with a skeleton that works, and with scripts that run here', async () => {
    for (const name of ['Bad', 'pylon', '../x']) await refused('new', name);
    const before = await list();
    await project.says('service', 'new', 'hello', '--scripts');
    const after = (await list()).split('\n');
    for (const line of before.split('\n')) expect(after.splice(0, after.indexOf(line) + 1).at(-1)).toBe(line);
    const result = await project.pai('run', 'service:hello');
    expectEnd(result, { failed: 0, skipped: 0 });
    expect(result.ran).toEqual(['image:hello', 'service:hello']);
    expect(await says('logs', 'service:hello')).toContain('running start.sh\nhello runs\n');
    expect(await states()).toMatchObject({ hello: 'ready' });
    expectEnd(await project.pai('run', 'service:hello'), { ran: 0, failed: 0 });
  });

  it('with a script that fails fail, say what it said, and run again', async () => {
    const fix = await project.edit(
      'templates/services/hello/start.sh',
      () => '#!/bin/sh\necho no such queue >&2\nexit 3\n',
    );
    const { details } = expectFailure(
      await project.pai('run', 'services'),
      'service:hello',
      'LOCAL_COMMAND',
      /start\.sh/,
    );
    expect(details).toContain('no such queue');
    expect(await states()).toMatchObject({ hello: 'unfinished' });
    expect(await readdir(inClone('.cache/sandbox/cache/services'))).toEqual([]);
    await fix();
    expectEnd(await project.pai('run', 'services'), { ran: 1, failed: 0 });
  });

  it('with a script reach the API by the kubeconfig that it finds', async () => {
    const fix = await project.edit(
      'templates/services/hello/start.sh',
      () => `#!/bin/sh
unset NODE_OPTIONS
exec node - <<'END'
const { readFileSync, statSync } = require('node:fs');
const { get } = require('node:https');
const file = process.env.KUBECONFIG;
console.log('mode', (statSync(file).mode & 0o777).toString(8));
const { clusters, users } = JSON.parse(readFileSync(file, 'utf8'));
const decoded = (text) => Buffer.from(text, 'base64');
const { server, 'certificate-authority-data': ca } = clusters[0].cluster;
const { 'client-certificate-data': cert, 'client-key-data': key } = users[0].user;
get(server + '/apis/apps/v1/namespaces/default/deployments/hello', { ca: decoded(ca), cert: decoded(cert), key: decoded(key) }, (answer) => {
  console.log('answer', answer.statusCode);
  answer.resume();
});
END
`,
    );
    expectEnd(await project.pai('run', 'services'), { ran: 1, failed: 0 });
    expect(await says('logs', 'service:hello')).toContain('mode 600\nanswer 200\n');
    await fix();
    expectEnd(await project.pai('run', 'services'), { ran: 1, failed: 0 });
  });

  it('run alone with --only, which is told', async () => {
    await project.edit('templates/images/hello/entrypoint', (text) => `${text}# otherwise\n`);
    await project.edit('templates/services/hello/stop.sh', (text) => `${text}# no part of what it depends on\n`);
    const told = await says('run', 'service:hello', '--only');
    expect(told).toContain('left out by --only, though not fresh: image:hello');
    expectEnd(await project.pai('run', 'services'), { ran: 2, failed: 0 });
  });

  it('are deleted with their data on the hosts, once their name was typed', async () => {
    const data = '$ROOT/datastorage/hello';
    await project.edit('./service-list.yaml', (text) =>
      text.replace('    stopscript: stop.sh\n', '    stopscript: stop.sh\n    data: [hello]\n'),
    );
    for (const host of ['master1', 'worker1'])
      await project.onHost(host, `mkdir -p ${data} $ROOT/datastorage/other; echo a > ${data}/a`);
    const asked = await refused('delete', 'hello');
    expect(asked.text).toContain('deletes /datastorage/hello on every host');
    expect(asked.text).toContain('the name of the service has to be typed');
    expect(await project.onHost('worker1', `ls ${data}`)).toBe('a\n');
    expectEnd(await project.pai('service', 'delete', 'hello', '--yes'), { ran: 1, failed: 0 });
    expect(await says('logs', 'delete:hello')).toContain('running stop.sh');
    for (const host of ['master1', 'worker1'])
      expect(await project.onHost(host, 'ls $ROOT/datastorage')).toBe('other\n');
    expect(await states()).toMatchObject({ hello: 'not deployed', pylon: 'ready' });
  });

  it('that are commented out are orphans, told by plan and removed by prune', async () => {
    expectEnd(await project.pai('run', 'services'), { failed: 0, skipped: 0 });
    const put = await project.edit('./service-list.yaml', (text) =>
      text.replace(/^ {2}hello:\n(?: {4}.*\n)+/m, (entry) => entry.replaceAll(/^/gm, '#').slice(0, -1)),
    );
    expect(await list()).toContain('#  hello:');
    expect(await says('plan')).toContain(
      'orphan, applied in the cluster and not declared any more: service:hello; pai prune removes it',
    );
    expect(JSON.parse(await says('plan', '--json'))).toMatchObject({ orphanTargets: ['service:hello'] });
    const asked = await project.pai('prune');
    expect([asked.code, asked.text.includes('remove service:hello')]).toEqual([2, true]);
    expectEnd(await project.pai('prune', '--yes'), { ran: 1, failed: 0 });
    expect(await says('plan')).not.toContain('orphan');
    expect((await project.says('prune', '--sandbox')).stderr).toContain('nothing to prune');
    await put();
  });

  it('are all taken down with their data: what deletes it comes last but one', async () => {
    await project.edit('./service-list.yaml', (text) => {
      const cleaning =
        '  cleaning:\n    prerequisite: [cluster-configuration]\n    image: [hello]\n    clean-only: true\n';
      return text.replace('  cluster-configuration: {}\n', `  cluster-configuration: {}\n${cleaning}`);
    });
    await project.says('service', 'new', 'wiper');
    await writeManifest(project);
    expectEnd(await project.pai('run', 'services'), { failed: 0, skipped: 0 });
    expect(await says('list', 'service:*')).not.toContain('cleaning');
    const dry = await says('clean', 'services', '--delete-data', '--dry-run');
    expect(dry).toMatch(/^delete +service:cluster-configuration: \/datastorage$/m);
    const early = await project.pai('clean', 'service:cluster-configuration', '--delete-data', '--yes');
    expectFailure(
      early,
      'service:cluster-configuration',
      'REFUSED',
      /service:hello, service:pylon, service:wiper are still there/,
    );
    const result = await project.pai('clean', 'services', '--delete-data', '--yes');
    expectEnd(result, { failed: 0, skipped: 0 });
    expect(result.ran.at(-1)).toBe('service:cluster-configuration');
    const log = await says('logs', 'service:cluster-configuration');
    expect(log).toMatch(
      /applied DaemonSet default\/cleaning[\s\S]*cleaning is done on every node\n[\s\S]*removed ConfigMap default\/host-configuration/,
    );
    expect(Object.values(await states())).toEqual(['not deployed', 'not deployed', 'not deployed', 'not deployed']);
  });

  it('whose cleaning has no image are cleaned over SSH, and that is said', async () => {
    await project.edit('./service-list.yaml', (text) =>
      text
        .replace('    image: [hello]\n    clean-only', '    image: [hello, never]\n    clean-only')
        .replace('image-list:\n', 'image-list:\n  never: {}\n'),
    );
    expectEnd(await project.pai('run', 'services'), { failed: 0, skipped: 0 });
    expect(await project.onHost('worker1', 'ls $ROOT/datastorage')).toBe('other\n');
    expectEnd(await project.pai('clean', 'services', '--delete-data', '--yes'), { failed: 0, skipped: 0 });
    expect(await says('logs', 'service:cluster-configuration')).toContain(
      "cleaning can't run (the registry has no image never): data is deleted over SSH instead",
    );
    for (const host of ['master1', 'worker1'])
      expect(await project.onHost(host, 'ls $ROOT/datastorage 2>&1; true')).not.toContain('other');
  });
});

/** What deletes data, as far as the sandbox goes: pods that are ready. */
async function writeManifest(project: SandboxProject): Promise<void> {
  const folder = path.join(project.clone, 'templates/services/cleaning');
  await mkdir(folder, { recursive: true });
  await writeFile(
    path.join(folder, 'cleaning.yaml.template'),
    `apiVersion: apps/v1
kind: DaemonSet
metadata: { name: cleaning, namespace: default }
spec:
  selector: { matchLabels: { app: cleaning } }
  template:
    metadata: { labels: { app: cleaning } }
    spec:
      imagePullSecrets: [{ name: {{ clusterinfo['dockerregistryinfo']['secret-name'] }} }]
      containers: [{ name: cleaning, image: {{ images['hello'] }} }]
`,
  );
}
