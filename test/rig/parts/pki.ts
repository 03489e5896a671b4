import { rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { connect } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { expectEnd } from '../../whole/project.js';
import { eventually, type RigCluster } from '../cluster.js';
import { hostAddress, onHost } from '../rig.js';

const long = process.env.PAI_RIG_LONG !== undefined;

interface Status {
  readonly certificates: readonly { readonly host: string; readonly file: string; readonly signedBy?: string }[];
  readonly problems: number;
}

interface Security {
  readonly checks: readonly { readonly id: string; readonly state: string }[];
  readonly failed: number;
}

/** Certificates and the security baseline of a healthy cluster. `PAI_RIG_LONG` adds the exchange of the authorities. */
export function tellPki(cluster: () => RigCluster): void {
  describe('certificates', () => {
    it('are told, every one of every host, and all are well', async () => {
      const { hosts, masters } = cluster();
      const told = await status(cluster());
      expect(told.problems).toBe(0);
      for (const host of hosts) {
        const own = told.certificates.filter((one) => one.host === host).map(({ file }) => file);
        expect(own, host).toContain('/etc/kubernetes/pki/kubelet-server.crt');
        expect(own.includes('/etc/kubernetes/pki/kube-apiserver.crt'), host).toBe(masters.includes(host));
      }
    });

    it('are renewed on every host while the API answers, and then there is nothing to do', async () => {
      const { project, hosts } = cluster();
      const before = await serials(hosts);
      const { result, failures } = await whileAsking(cluster(), () => project.pai('pki', 'renew', '--yes'));
      expect(result.code, result.text.slice(-4000)).toBe(0);
      expect(failures).toEqual([]);
      const after = await serials(hosts);
      for (const [host, serial] of before) expect(after.get(host), host).not.toBe(serial);
      expectEnd(await project.pai('run', 'kubernetes'), { ran: 0, failed: 0, skipped: 0 });
    });
  });

  describe('the security baseline', () => {
    it('holds, every point of it', async () => {
      await eventually(async () => {
        const result = await cluster().project.pai('doctor', '--security');
        expect(result.end, result.text).toMatchObject({ failed: 0 });
        expect(result.code).toBe(0);
      });
    });

    it('names what somebody opened by hand, and where', async () => {
      const { project, masters } = cluster();
      const [host = ''] = masters;
      await onHost(host, 'chmod 644 /etc/kubernetes/pki/ca.key');
      try {
        const result = await project.pai('doctor', '--security');
        expect(result.code).toBe(1);
        const { checks } = result.end as unknown as Security;
        expect(checks.filter(({ state }) => state !== 'ok')).toMatchObject([
          { id: 'files-keys', findings: [{ where: host, seen: '/etc/kubernetes/pki/ca.key is 644 root:root' }] },
        ]);
      } finally {
        await onHost(host, 'chmod 600 /etc/kubernetes/pki/ca.key');
      }
    });
  });

  describe('certificate authorities', () => {
    it.skipIf(!long)(
      'are exchanged while the API answers, also from a machine that has lost its copy half-way',
      async () => {
        const { project, hosts, masters } = cluster();
        const old = await authorities(masters);
        const first = await whileAsking(cluster(), () => project.pai('pki', 'rotate-ca', 'trust-both', '--yes'));
        expect(first.result.code, first.result.text.slice(-4000)).toBe(0);
        await rm(path.join(project.configuration, 'pki'), { recursive: true });
        const rest = await whileAsking(cluster(), () => project.pai('pki', 'rotate-ca', '--yes'));
        expect(rest.result.code, rest.result.text.slice(-4000)).toBe(0);
        expect([...first.failures, ...rest.failures]).toEqual([]);
        for (const [host, text] of await authorities(hosts)) {
          expect(text.match(/BEGIN/g), host).toHaveLength(1);
          expect(text, host).not.toBe(old.get(masters[0] ?? ''));
        }
        const told = await status(cluster());
        expect(told.problems).toBe(0);
        expectEnd(await project.pai('run', 'services'), { ran: 0, failed: 0, skipped: 0 });
      },
    );
  });
}

async function status({ project }: RigCluster): Promise<Status> {
  return (await project.pai('pki', 'status')).end as unknown as Status;
}

/** Serial number of kubelet's server certificate, as each host shows it. */
async function serials(hosts: readonly string[]): Promise<ReadonlyMap<string, string>> {
  return new Map(await Promise.all(hosts.map(async (host) => [host, await serialOf(hostAddress(host))] as const)));
}

async function serialOf(host: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port: 10250, rejectUnauthorized: false }, () => {
      resolve(socket.getPeerX509Certificate()?.serialNumber ?? '');
      socket.destroy();
    });
    socket.on('error', reject);
  });
}

async function authorities(hosts: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const read = async (host: string) => [host, await onHost(host, 'cat /etc/kubernetes/pki/ca.crt')] as const;
  return new Map(await Promise.all(hosts.map(read)));
}

/** Reads through the proxy all the time while something goes on; tells what was not answered within a minute of trying. */
async function whileAsking<Result>(
  cluster: RigCluster,
  work: () => Promise<Result>,
): Promise<{ result: Result; failures: string[] }> {
  const failures: string[] = [];
  let going = true;
  const asking = (async () => {
    while (going) {
      // The kubeconfig is exchanged meanwhile, and a connection to a master that restarts is cut: then the next one has to answer.
      await eventually(() => cluster.kubectl('get namespaces -o name'), 60).catch((error: Error) =>
        failures.push(error.message),
      );
      await setTimeout(500);
    }
  })();
  try {
    return { result: await work(), failures };
  } finally {
    going = false;
    await asking;
  }
}
