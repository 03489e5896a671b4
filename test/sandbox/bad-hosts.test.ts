import { appendFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import ssh2 from 'ssh2';
import { describe } from 'vitest';
import { type TwoHosts, tellBadHosts } from '../whole/bad-hosts.js';
import { SandboxProject } from './sandbox.js';

async function open(): Promise<TwoHosts> {
  const project = await SandboxProject.create({ masters: 1, workers: 1, proxy: false });
  const host = path.join(project.clone, '.cache/sandbox/hosts/worker1');
  return {
    project,
    healthy: 'master1',
    ill: 'worker1',
    onHost: (name, command) => project.onHost(name, command),
    async wrongSudoPassword() {
      const { private: key, public: authorized } = ssh2.utils.generateKeyPairSync('rsa', { bits: 2048 });
      const folder = path.join(host, 'root/home/pai/.ssh');
      await mkdir(folder, { recursive: true });
      await appendFile(path.join(folder, 'authorized_keys'), `${authorized}\n`);
      await writeFile(path.join(project.configuration, 'key'), key, { mode: 0o600 });
      return project.editMachine('worker1', { 'ssh-keyfile-path': 'key', password: 'wrong' });
    },
    async down() {
      await project.sandbox('fault', 'worker1', 'down');
      return () => project.sandbox('lift', 'worker1');
    },
    async isAtWork() {
      const unfinished = await readdir(path.join(host, 'root/var/lib/pai/unfinished')).catch(() => []);
      return unfinished.some((name) => name.startsWith('host'));
    },
    async newHostKey() {
      await rm(path.join(host, 'host-key'));
      await project.sandbox('fault', 'worker1', 'wipe');
    },
    async occupyPort(port) {
      const sockets = path.join(host, 'root/proc/net/tcp');
      const before = await readFile(sockets, 'utf8');
      const address = port.toString(16).toUpperCase().padStart(4, '0');
      // As the kernel tells of a socket that listens.
      await appendFile(
        sockets,
        `   0: 00000000:${address} 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0\n`,
      );
      return () => writeFile(sockets, before);
    },
    remove: async () => undefined,
  };
}

describe('a simulated host that can not be worked on', () => {
  tellBadHosts(open);
});
