import { homedir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { kubectl, type Telling, tellStory, type World } from '../whole/story.js';
import { onHost, RigProject, rig } from './rig.js';

/** The whole story on real hosts: h1 a master, h2 a worker, both bare. Needs `npm run rig:up`. */
async function open(): Promise<World> {
  await rig('up.sh', '--fresh', 'h1', 'h2');
  const project = await RigProject.create('h1', 'h2');
  // A namespace of this run's own: its image is in no registry yet, so it has to be built.
  await project.edit('services-configuration.yaml', (text) =>
    text.replace('"docker-namespace": "pai"', `"docker-namespace": "story-${Date.now()}"`),
  );
  return {
    project,
    cluster: 'pai-rig',
    masters: ['h1'],
    workers: ['h2'],
    proxies: [],
    operator: path.join(homedir(), '.kube', 'pai-pai-rig'),
    onHost,
    page: async () => (await fetch('http://172.30.0.11/')).text(),
  };
}

describe('one master and one worker, from bare hosts', () => {
  tellStory(open, { pods: true }, onRealMachines);
});

function onRealMachines({ world }: Telling): void {
  it('gives the operator a kubectl that works', async () => {
    const path = 'jsonpath={range .items[*]}{.metadata.name} {.status.conditions[-1:].status}{"\\n"}{end}';
    const nodes = await kubectl(world(), 'get', 'nodes', `--output=${path}`);
    expect(nodes).toBe('172.30.0.11 True\n172.30.0.12 True\n');
  });

  it('lets nobody in without a certificate, and keeps secrets encrypted', async () => {
    for (const url of ['172.30.0.11:6443/version', '172.30.0.11:10250/pods', '172.30.0.12:10250/pods']) {
      expect(await onHost('h2', `curl -sko /dev/null -w '%{http_code}' https://${url}`), url).toBe('401');
    }
    // The old API port, and kubelet's read-only one: nothing listens.
    for (const url of ['172.30.0.11:8080', '172.30.0.11:10255', '172.30.0.12:10255']) {
      expect(await onHost('h2', `curl -so /dev/null http://${url}; echo $?`), url).toBe('7\n');
    }
    const pki = '/etc/kubernetes/pki';
    const etcdctl = `etcdctl --cacert=${pki}/etcd-ca.crt --cert=${pki}/etcd-client.crt --key=${pki}/etcd-client.key`;
    const key = '/registry/secrets/default/pai-registry';
    const kept = await onHost(
      'h1',
      `docker exec $(docker ps -qf name=^/k8s_etcd_) ${etcdctl} get ${key} | tr -cd '[:print:]'`,
    );
    expect(kept).toContain('k8s:enc:');
    expect(kept).not.toContain('pai-registry"');
  });
}
