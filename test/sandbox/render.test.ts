import { execFile } from 'node:child_process';
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { load } from 'js-yaml';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectEnd } from '../whole/project.js';
import { SandboxProject } from './sandbox.js';

const call = promisify(execFile);

let project: SandboxProject;
let rendered: string;
let targets: number;

interface ServiceList {
  readonly 'image-list': object;
  readonly 'service-list': object;
}

beforeAll(async () => {
  project = await SandboxProject.create({ masters: 1, workers: 1, proxy: false });
  rendered = path.join(project.clone, '.cache/sandbox/cache/rendered');
  const list = load(await readFile(path.join(project.clone, 'service-list.yaml'), 'utf8')) as ServiceList;
  // Both hosts, every image and every service.
  targets = 2 + Object.keys(list['image-list']).length + Object.keys(list['service-list']).length;
});
afterAll(() => project.remove());

const digests = async () =>
  (await call('sh', ['-c', "find . -type f ! -name '.*.json' | sort | xargs sha256sum"], { cwd: rendered })).stdout;

describe('pai run render', () => {
  it('writes what hosts, images and services get, before there is a key or a host was asked', async () => {
    expectEnd(await project.pai('run', 'render'), { ran: targets, fresh: 0, failed: 0, skipped: 0 });
    expect(await project.onHost('master1', 'ls $ROOT/var/lib/pai/stamps 2>/dev/null | wc -l')).toMatch(/^0\s*$/);
    const files = await digests();
    for (const file of [
      './master1/etc/kubernetes/manifests/etcd.yaml',
      './images/pylon/Dockerfile',
      './services/pylon/pylon.yaml',
    ]) {
      expect(files).toContain(file);
    }
    expect(await readFile(path.join(rendered, 'services/pylon/pylon.yaml'), 'utf8')).toContain('@<image:pylon>');
    const keys = path.join(rendered, 'master1/etc/kubernetes/encryption.yaml');
    expect(await readFile(keys, 'utf8')).toContain('<secrets-encryption.key>');
    expect((await stat(keys)).mode & 0o777).toBe(0o600);
  });

  it('gives the same bytes again, runs just what a changed template changes, and is no part of all targets', async () => {
    const before = await digests();
    expectEnd(await project.pai('run', 'render'), { ran: 0, fresh: targets, failed: 0, skipped: 0 });
    await project.edit(
      'templates/kubernetes/kube-scheduler/kube-scheduler.yaml.template',
      (text) => `# edited\n${text}`,
    );
    const changed = await project.pai('run', 'render');
    expect([...changed.ran]).toEqual(['render:master1']);
    await project.edit('templates/kubernetes/kube-scheduler/kube-scheduler.yaml.template', (text) =>
      text.replace('# edited\n', ''),
    );
    await project.pai('run', 'render');
    expect(await digests()).toBe(before);
    expect((await project.says('plan', '--sandbox', '--all')).stdout).not.toContain('render');
  });

  it('wrote what the hosts are then given, but for the digests of what is made later', async () => {
    expectEnd(await project.pai('run', 'kubernetes'), { failed: 0, skipped: 0 });
    const same = ['kubelet.yaml', 'kube-scheduler.conf', 'audit-policy.yaml', 'manifests/kube-apiserver.yaml'];
    for (const file of same) {
      const there = await project.onHost('master1', `cat "$ROOT/etc/kubernetes/${file}"`);
      const here = await readFile(path.join(rendered, 'master1/etc/kubernetes', file), 'utf8');
      expect(there.length).toBeGreaterThan(100);
      expect(withoutDigests(here)).toBe(withoutDigests(there));
    }
  });
});

function withoutDigests(text: string): string {
  return text.replace(/[0-9a-f]{64}/g, 'DIGEST');
}
