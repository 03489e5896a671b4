import { homedir } from 'node:os';
import path from 'node:path';
import type { World } from '../whole/story.js';
import { clusterId, onHost, RigProject, rig } from './rig.js';

/** The rig's h1 as a master and h2 as a worker, brought up by a script of the rig, as the world of a story. */
export async function rigWorld(script: string, ...words: string[]): Promise<World> {
  await rig(script, ...words);
  return {
    project: await RigProject.create('h1', 'h2'),
    cluster: clusterId,
    masters: ['h1'],
    workers: ['h2'],
    proxies: [],
    registry: '172.30.0.2:5443',
    operator: path.join(homedir(), '.kube', `pai-${clusterId}`),
    onHost,
    page: async () => (await fetch('http://172.30.0.11/')).text(),
  };
}
