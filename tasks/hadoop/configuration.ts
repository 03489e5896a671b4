import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type Cluster, type LocalTask, PaiError, type ProjectFolders, type VirtualCluster } from 'pai';
import { composeFiles } from './compose.js';
import { nodeResources } from './node-resources.js';
import { type PropertyTable, readTable } from './property-table.js';
import { cureOf, releaseArchive } from './release.js';
import { readStock } from './stock.js';
import { configurationFolder } from './written.js';

/** What pai sets, relative to the project. */
const OVERLAYS = 'templates/hadoop/overlays.yaml';
/** What the operator sets, in the configuration folder. */
const OVERRIDES = 'hadoop-overrides.yaml';

/**
 * Hadoop's configuration of every role, in `.cache/hadoop/configuration/`: the stock files of the configured release with what the overlays and the
 * operator's overrides set. Stale only when one of these, the archive, or what it takes of the cluster changes: docs/hadoop.md.
 */
export function hadoopConfiguration(cluster: Cluster, project: ProjectFolders): LocalTask {
  const release = cluster.services.hadoop;
  const { customHadoopBinaryPath: archive, hadoopDownloadUrl: url, hadoopSha512: sha512, virtualClusters } = release;
  const overrides = path.join(cluster.directory, OVERRIDES);
  const output = configurationFolder(project);
  const source = { ...(archive === undefined ? { url } : { archive }), ...(sha512 && { sha512 }) };
  // An archive that is missing is told by the run, with the setting that names it.
  const files = [overrides, ...(archive === undefined ? [] : [archive])].filter((file) => existsSync(file));
  return {
    inputs: [OVERLAYS, ...files.filter((file) => !isLikeGlob(file))],
    outputs: [`${output}/**`],
    values: { ...ofCluster(cluster), queues: capacities(virtualClusters), source },
    async run({ log, signal, root }) {
      const strange = files.find(isLikeGlob);
      if (strange !== undefined) {
        throw new PaiError('LOCAL_FILE', `${strange}: a path with one of * ? [ { \\ in it can't be watched`, {
          next: 'Move the file to a folder with a plain name.',
        });
      }
      // What is cheap to be told comes before a download.
      const tables: PropertyTable[] = [await readTable(path.join(root, OVERLAYS), OVERLAYS)];
      if (files.includes(overrides)) tables.push(await readTable(overrides, shown(overrides, root)));
      const cache = path.join(project.cache, 'hadoop', 'releases');
      const stock = await readStock(await releaseArchive(release, { cache, log, signal }), {
        cure: cureOf(release),
        signal,
      });
      const composed = await composeFiles(stock, tables, { ...ofCluster(cluster), queues: virtualClusters });
      await replaceFolder(output, composed);
      log(`wrote ${composed.size} files to ${path.relative(root, output)}`);
    },
  };
}

/** What of the cluster is in the files; nothing else makes them stale. */
function ofCluster({ addresses, hosts }: Cluster) {
  const skus = new Map(
    hosts.filter((host) => host.labels.yarnrole === 'worker').map(({ sku }) => [sku.name, nodeResources(sku)]),
  );
  return {
    master: new URL(addresses.webHdfs).hostname,
    zookeeper: addresses.zookeeper,
    skus: Object.fromEntries(
      [...skus].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, resources]) => [name, { ...resources }]),
    ),
  };
}

/** A path for people: relative to the project where it is inside. */
function shown(file: string, root: string): string {
  return file.startsWith(`${root}${path.sep}`) ? path.relative(root, file) : file;
}

/** A list: their order is that of the queues. */
function capacities(virtualClusters: readonly VirtualCluster[]): [string, number][] {
  return virtualClusters.map(({ name, capacity }) => [name, capacity]);
}

/** The files take the place of all that was in the folder. Only their owner may read them: overrides may hold passwords. */
async function replaceFolder(folder: string, files: ReadonlyMap<string, string>): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  for (const [name, content] of files) {
    const file = path.join(folder, name);
    await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
    await writeFile(file, content, { mode: 0o600 });
  }
}

function isLikeGlob(file: string): boolean {
  return /[*?[{\\]/.test(file);
}
