import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe } from 'vitest';
import { type TwoHosts, tellBadHosts } from '../whole/bad-hosts.js';
import { onHost, RigProject, rig } from './rig.js';

const call = promisify(execFile);

/** Hosts with Docker: h3 and h4. Needs `npm run rig:up`. */
async function open(): Promise<TwoHosts> {
  await rig('up.sh', '--fresh', '--docker', 'h3', 'h4');
  const project = await RigProject.create('h3', 'h4');
  return {
    project,
    healthy: 'h3',
    ill: 'h4',
    onHost,
    async wrongSudoPassword() {
      const { key } = JSON.parse(await rig('describe.sh'));
      return project.editMachine('h4', { 'ssh-keyfile-path': key, password: 'wrong' });
    },
    async down() {
      await call('docker', ['stop', '-t', '1', 'pairig-h4']);
      return () => rig('up.sh', '--docker', 'h4');
    },
    isAtWork: async () => (await onHost('h4', 'ls /var/lib/pai/unfinished 2>/dev/null')).includes('host'),
    newHostKey: () => rig('up.sh', '--fresh', '--docker', 'h4'),
    async occupyPort(port) {
      await onHost('h4', `nohup nc -lk ${port} > /dev/null 2>&1 & echo $! > /run/test-nc`);
      return () => onHost('h4', 'kill "$(cat /run/test-nc)"');
    },
    remove: () => rig('down.sh', 'h3', 'h4'),
  };
}

describe('a real host that can not be worked on', () => {
  tellBadHosts(open);
});
