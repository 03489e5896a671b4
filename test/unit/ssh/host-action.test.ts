import { describe, expect, it } from 'vitest';
import type { Drivers, HostDriver, HostLogin, HostWork } from '../../../src/model/drivers.js';
import type { Observation, Stamp } from '../../../src/model/stamp.js';
import type { ApplyContext } from '../../../src/model/target.js';
import { type HostActionSpec, hostAction } from '../../../src/ssh/host-action.js';

const host: HostLogin = { name: 'h1', address: '10.0.0.1', port: 22, user: 'pai' };

/** A host driver that only remembers what it was asked. */
class FakeHosts implements HostDriver {
  readonly works: HostWork[] = [];
  readonly probes: string[] = [];

  async observe(_host: HostLogin, _target: string, probe: string): Promise<Observation> {
    this.probes.push(probe);
    return { kind: 'known', present: true };
  }

  async run(_host: HostLogin, work: HostWork): Promise<void> {
    this.works.push(work);
  }

  async read(): Promise<ReadonlyMap<string, Uint8Array>> {
    return new Map();
  }

  async ask(): Promise<string> {
    return '';
  }

  async fetch(): Promise<string> {
    return '';
  }

  async send(): Promise<void> {}

  async close(): Promise<void> {}
}

function fakeContext(hosts: HostDriver): ApplyContext {
  const unused = new Proxy({}, { get: (_, name) => expect.fail(`${String(name)} is not for host actions`) });
  const drivers = { hosts, images: unused, kube: unused, pki: unused, templates: unused } as Drivers;
  return {
    target: 'worker:h1',
    drivers,
    outputs: new Map(),
    log: () => {},
    signal: new AbortController().signal,
    stamp: (output = 'the fingerprint'): Stamp => ({
      format: 1,
      target: 'worker:h1',
      fingerprint: 'the fingerprint',
      output,
      parts: {},
      run: 'r1',
    }),
  };
}

function spec(more: Partial<HostActionSpec> = {}): HostActionSpec {
  return {
    host,
    work: async () => ({
      files: [
        { path: 'kubelet.service', mode: 0o644, content: 'unit' },
        { path: 'token', mode: 0o600, content: 'hush', secret: true },
      ],
      script: 'install',
      probe: 'test -f /x',
      late: { spec: { cn: 'h1' }, files: async () => [{ path: 'tls.key', mode: 0o600, content: 'key', secret: true }] },
    }),
    probe: async () => 'test -f /x',
    clean: async () => ({ script: 'remove' }),
    ...more,
  };
}

describe('hostAction', () => {
  it('occupies the host, ssh, and what else it is told', () => {
    expect(hostAction(spec()).pools).toEqual(['host:h1', 'ssh']);
    expect(hostAction(spec({ pools: ['pull'] })).pools).toEqual(['host:h1', 'ssh', 'pull']);
  });

  it('has a part for each file, the script, the protocol, and for what is made late', async () => {
    const { parts } = await hostAction(spec()).desired(fakeContext(new FakeHosts()));
    expect(parts.map((part) => part.name)).toEqual([
      'file kubelet.service',
      'file token',
      'script',
      'supervisor protocol',
      'material',
    ]);
    expect(parts.find((part) => part.name === 'material')?.value).toEqual({ cn: 'h1' });
    expect(parts.filter((part) => part.secret).map((part) => part.name)).toEqual(['file token']);
    expect(JSON.stringify(parts)).not.toContain('hush');
  });

  it('shows the content of files in diffs, unless they are secret', async () => {
    const { parts } = await hostAction(spec()).desired(fakeContext(new FakeHosts()));
    const shown = parts.filter((part) => part.shown !== undefined).map((part) => [part.name, part.shown]);
    expect(shown).toEqual([['file kubelet.service', 'unit']]);
  });

  it.each([
    ['content', { path: 'a', mode: 0o644, content: 'y' }],
    ['mode', { path: 'a', mode: 0o755, content: 'x' }],
  ])('has another part when the %s of a file changes', async (_, changed) => {
    const part = async (file: { path: string; mode: number; content: string }) => {
      const action = hostAction(spec({ work: async () => ({ files: [file], script: '', probe: '' }) }));
      return (await action.desired(fakeContext(new FakeHosts()))).parts[0]?.value;
    };
    expect(await part(changed)).not.toEqual(await part({ path: 'a', mode: 0o644, content: 'x' }));
    expect(await part(changed)).toEqual(await part({ ...changed }));
  });

  it('applies files and late files with script, probe and stamp', async () => {
    const hosts = new FakeHosts();
    const context = fakeContext(hosts);
    const desired = await hostAction(spec()).desired(context);
    expect(hosts.works).toEqual([]);
    const stamp = await desired.apply(context);
    expect(hosts.works).toHaveLength(1);
    expect(hosts.works[0]).toMatchObject({ script: 'install', probe: 'test -f /x', stamp });
    expect(hosts.works[0]?.files.map((file) => file.path)).toEqual(['kubelet.service', 'token', 'tls.key']);
    expect(stamp.output).toBe('the fingerprint');
  });

  it('shows dependents the output that it is told to', async () => {
    const context = fakeContext(new FakeHosts());
    const action = hostAction(spec({ output: (parts) => `${parts.length} parts` }));
    expect((await (await action.desired(context)).apply(context)).output).toBe('5 parts');
  });

  it('looks with the probe alone', async () => {
    const hosts = new FakeHosts();
    const action = hostAction(spec({ work: () => expect.fail('not needed to look') }));
    expect(await action.observe(fakeContext(hosts))).toEqual({ kind: 'known', present: true });
    expect(hosts.probes).toEqual(['test -f /x']);
  });

  it('tells its files by their paths on the host, and the script that root runs', async () => {
    const files = [
      { path: 'root/etc/kubernetes/kubelet.yaml', mode: 0o600, content: 'a' },
      { path: 'certs/ca.crt', mode: 0o644, content: 'b' },
    ];
    const work = async () => ({ files, script: 'install', probe: '' });
    const context = { ...fakeContext(new FakeHosts()), target: 'worker:h1' };
    expect(await hostAction(spec({ work })).files?.(context)).toEqual([
      { path: 'etc/kubernetes/kubelet.yaml', mode: 0o600, content: 'a' },
      { path: 'certs/ca.crt', mode: 0o644, content: 'b' },
      { path: 'scripts/worker.sh', mode: 0o700, content: 'install' },
    ]);
  });

  it('cleans without a stamp and without a probe', async () => {
    const hosts = new FakeHosts();
    await hostAction(spec()).clean(fakeContext(hosts));
    expect(hosts.works).toEqual([{ files: [], script: 'remove' }]);
  });
});
