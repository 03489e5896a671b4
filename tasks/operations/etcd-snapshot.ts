import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { access, mkdir, open, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type Cluster, type Host, PaiError } from 'pai';
import { type MembershipContext, runEtcdScript } from './etcd-members.js';

/** Below /var/lib/etcd on a host, for as long as it takes to copy it. */
export const SNAPSHOT_NAME = 'pai-snapshot.db';

/** A snapshot ends with the SHA-256 of what is before it (etcd, client/v3/snapshot). */
const DIGEST_BYTES = 32;
/** Pages of the database, of which a snapshot is a whole number, are at least so large; etcd looks for that too. */
const PAGE_BYTES = 512;

/** Where a snapshot goes unless a file is named: beside the configuration, which holds the keys that belong to it. */
export function defaultSnapshotFile(cluster: Cluster, now: Date): string {
  const time = now.toISOString().replaceAll(/[-:]|\.\d+/g, '');
  return path.join(cluster.directory, 'etcd-backups', `${cluster.services.clusterId}-${time}.db`);
}

/**
 * Takes a snapshot of the healthy member on a host into a file of this machine, mode 0600. The file appears once it was verified, by etcd on the host
 * and by its checksum here.
 * @throws PaiError
 */
export async function takeSnapshot(
  cluster: Cluster,
  host: Host,
  to: string,
  context: MembershipContext,
): Promise<void> {
  await prepareFolder(cluster, to);
  const settings = { SNAPSHOT: SNAPSHOT_NAME };
  await runEtcdScript(cluster, host, context, ['etcd-health.sh', 'etcd-snapshot.sh', 'etcd-save.sh'], { settings });
  const place = `/var/lib/etcd/${SNAPSHOT_NAME}`;
  const { hosts } = context.drivers;
  const there = (await hosts.ask(host.login, `sha256sum "$ROOT${place}"`)).split(' ')[0];
  const here = await hosts.fetch(host.login, place, to);
  const problem = here === there ? await snapshotProblem(to) : 'its checksum is not the one that it had on the host';
  if (problem !== undefined) {
    await rm(to, { force: true });
    throw new PaiError('HOST_SCRIPT', `the snapshot of ${host.name} is damaged: ${problem}`, {
      where: `host ${host.name}`,
      next: 'Run the same command again.',
    });
  }
  await runEtcdScript(cluster, host, context, ['etcd-finish-snapshot.sh'], { settings });
  context.log(`snapshot of ${host.name}: ${to} (${(await stat(to)).size} bytes, SHA-256 ${here})`);
}

/** The folder of a snapshot, for its owner only; that of pai's own is kept out of git. */
async function prepareFolder(cluster: Cluster, file: string): Promise<void> {
  const folder = path.dirname(file);
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    if (folder !== path.dirname(defaultSnapshotFile(cluster, new Date()))) return;
    await writeFile(path.join(folder, '.gitignore'), '*\n', { mode: 0o600 });
  } catch (error) {
    throw new PaiError('LOCAL_FILE', `${folder} can't be written`, {
      next: 'Name another place: pai etcd backup -f FILE.',
      cause: error,
    });
  }
}

/** Refuses a name that is taken. @throws PaiError USAGE */
export async function checkFree(file: string): Promise<void> {
  const taken = await access(file).then(
    () => true,
    () => false,
  );
  if (!taken) return;
  throw new PaiError('USAGE', `${file} is there already`, { next: 'Name a new file, or remove that one.' });
}

/**
 * What is wrong with a file that should be a snapshot: nothing when the checksum at its end is that of the rest. It is read piece by piece.
 * Undefined when it is whole.
 */
export async function snapshotProblem(file: string): Promise<string | undefined> {
  const size = await stat(file).then(
    (found) => (found.isFile() ? found.size : undefined),
    () => undefined,
  );
  if (size === undefined) return 'there is no such file';
  if (size <= DIGEST_BYTES || size % PAGE_BYTES !== DIGEST_BYTES) {
    return `it is no snapshot of etcd, or a part of one (${size} bytes)`;
  }
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file, { end: size - DIGEST_BYTES - 1 })) hash.update(chunk);
  const end = Buffer.alloc(DIGEST_BYTES);
  const handle = await open(file);
  try {
    await handle.read(end, 0, DIGEST_BYTES, size - DIGEST_BYTES);
  } finally {
    await handle.close();
  }
  return hash.digest().equals(end) ? undefined : 'its content is not what its own checksum says';
}

/** SHA-256 of a file, hex. */
export async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk);
  return hash.digest('hex');
}
