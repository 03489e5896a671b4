import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { IN_PROCESS, SANDBOX, type SandboxBed, sandboxBed } from './hosts-fixture.js';
import { apply, clean, etcdTarget, masterTarget, prepareTarget, proxyTarget, workerTarget } from './hosts-scripts.js';

const shell = sandboxBed();
const inProcess = sandboxBed({}, IN_PROCESS);

const MASTERS = ['m1', 'm2', 'm3'];
const ALL = SANDBOX.hosts.map(({ name }) => name);

/** What a bare machine has, and what only a supervisor needs whose job is a process of its own. */
const OF_SHELLS = [
  /^proc\//,
  /^etc\/(machine-id|os-release|hostname)$/,
  /^var\/lib\/dpkg\//,
  /^var\/lib\/pai\/(lock|lock\.info|result\/.*|log\/.*)$/,
];

/** Files below a folder: modes and contents, with the host's root left out of them. */
function filesIn(folder: string, root: string): Readonly<Record<string, string>> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const entries = files.map((entry) => {
    const place = path.join(entry.parentPath, entry.name);
    const mode = (statSync(place).mode & 0o777).toString(8);
    return [path.relative(folder, place), `${mode} ${readFileSync(place, 'utf8').replaceAll(root, '')}`] as const;
  });
  const kept = entries.filter(([name]) => !OF_SHELLS.some((pattern) => pattern.test(name)));
  return Object.fromEntries(kept.sort(([one], [other]) => (one < other ? -1 : 1)));
}

function expectAlike(when: string): void {
  const state = (bed: SandboxBed, name: string) => {
    const { root, docker } = bed.layout.host(name);
    // What kubelet is started with is told in another way, so its label differs.
    const simulated = readdirSync(docker, { recursive: true, encoding: 'utf8' }).filter(
      (file) => !file.startsWith('.'),
    );
    return { files: filesIn(root, root), docker: simulated.sort() };
  };
  for (const name of ALL) expect(state(inProcess(), name), `${name} ${when}`).toEqual(state(shell(), name));
}

async function inBoth(work: (bed: SandboxBed) => Promise<unknown>): Promise<void> {
  await Promise.all([work(shell()), work(inProcess())]);
}

it('leaves the same files on hosts in process as a shell does', { timeout: 120_000 }, async () => {
  const many = (names: readonly string[], work: (name: string) => Promise<unknown>) => Promise.all(names.map(work));
  const clocks = new Map(ALL.map((name) => [name, prepareTarget(name)]));
  await inBoth(async ({ driver, login }) => {
    const own = driver();
    await many(ALL, async (name) => {
      const target = clocks.get(name);
      if (target !== undefined) await apply(own, login(name), `host:${name}`, target);
    });
    await many(MASTERS, (name) => apply(own, login(name), `etcd:${name}`, etcdTarget(name)));
    await many(MASTERS, (name) => apply(own, login(name), `master:${name}`, masterTarget(name)));
    await apply(own, login('p1'), 'proxy:p1', proxyTarget('p1'));
    await apply(own, login('w1'), 'worker:w1', workerTarget('w1'));
  });
  expectAlike('when all is up');
  await inBoth(async ({ driver, login }) => {
    const own = driver();
    await clean(own, login('w1'), 'worker:w1', workerTarget('w1'));
    await clean(own, login('p1'), 'proxy:p1', proxyTarget('p1'));
    await many(MASTERS, (name) => clean(own, login(name), `master:${name}`, masterTarget(name)));
  });
  expectAlike('when workers, proxy and masters are down again');
  await inBoth(async ({ driver, login }) => {
    const own = driver();
    await many(MASTERS, (name) => clean(own, login(name), `etcd:${name}`, etcdTarget(name)));
    await many(ALL, (name) => clean(own, login(name), `host:${name}`, prepareTarget(name)));
  });
  expectAlike('when all is down again');
});
