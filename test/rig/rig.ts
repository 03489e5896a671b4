import { execFile } from 'node:child_process';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { Project, root } from '../whole/project.js';

const call = promisify(execFile);

/** The id of the clusters that tests make. */
export const clusterId = process.env.PAI_RIG_CLUSTER ?? 'pai-rig';

/** Name of the rig's host number N; `PAI_RIG_OFFSET` moves all of them, so that tests can run beside each other. */
export function hostName(number: number): string {
  return `h${number + Number(process.env.PAI_RIG_OFFSET ?? 0)}`;
}

/** Its address. */
export function hostAddress(name: string): string {
  return `172.30.0.${10 + Number(name.slice(1))}`;
}

/** A script of the rig, as root: `rig('up.sh', '--fresh', 'h1')`. Resolves to its standard output. */
export async function rig(script: string, ...words: string[]): Promise<string> {
  const { stdout } = await call(path.join(root, 'test/rig', script), words, { maxBuffer: 1 << 26 });
  return stdout;
}

/** A command line as root on a host, without SSH. Its exit code does not matter. */
export async function onHost(host: string, command: string): Promise<string> {
  const done = rig('host.sh', host, 'sh', '-c', command);
  return done.catch((error: { readonly stdout: string }) => error.stdout);
}

/** A project whose configuration is of hosts of the rig. */
export class RigProject extends Project {
  /** Of one host each, or of lists with commas; see configure.sh. */
  static async create(masters: string, workers: string, proxy = ''): Promise<RigProject> {
    const work = await mkdtemp(path.join(tmpdir(), 'pai-rig-test-'));
    const configuration = path.join(work, 'configuration');
    const project = new RigProject(work, configuration, ['-p', configuration]);
    await rig('configure.sh', configuration, masters, workers, proxy);
    // What templates/images/pylon starts from, without Docker Hub.
    await call('docker', ['tag', 'pairig/debian:bookworm', 'debian:bookworm-slim']);
    await project.freshClone();
    return project;
  }
}
