import type { VirtualCluster } from 'pai';
import { exportVariables } from './environment-file.js';
import type { NodeResources } from './node-resources.js';
import { setProperties } from './properties-xml.js';
import { fill, type PropertyTable, type Variables } from './property-table.js';
import { FILES, type FileName, PER_SKU, ROLES, type Role, SHARED_SECTIONS } from './roles.js';
import type { Stock } from './stock.js';

/** What of the cluster is in Hadoop's configuration. */
export interface HadoopCluster {
  /** Address of the machine with pai-master, as in URLs. */
  readonly master: string;
  /** `address:2181,...` */
  readonly zookeeper: string;
  /** Of YARN's scheduler; together they have 100 percent. */
  readonly queues: readonly VirtualCluster[];
  /** Of each SKU that a node manager runs on. */
  readonly skus: Readonly<Record<string, NodeResources>>;
}

/**
 * Every file of every role: path (`ROLE/FILE`; of node managers `ROLE/SKU/FILE`) -> content. Tables are applied one after the other: what a later one sets wins.
 * The same input gives the same bytes. Throws ARCHIVE for stock files that are no configuration, CONFIG_INVALID for values that no file can hold.
 */
export async function composeFiles(
  stock: Stock,
  tables: readonly PropertyTable[],
  cluster: HadoopCluster,
): Promise<ReadonlyMap<string, string>> {
  const files = new Map<string, string>();
  for (const role of ROLES) {
    for (const { folder, variables } of placesOf(role, cluster)) {
      const properties = propertiesOf(role, tables, cluster, variables);
      for (const file of FILES) {
        files.set(
          `${folder}/${file}`,
          await composeFile(file, stock.get(file) ?? '', properties.get(file) ?? new Map()),
        );
      }
    }
  }
  return files;
}

function composeFile(file: FileName, stock: string, properties: ReadonlyMap<string, string>): Promise<string> | string {
  return file.endsWith('.sh')
    ? exportVariables(stock, properties)
    : setProperties(stock, properties, `etc/hadoop/${file} of the release`);
}

function placesOf(role: Role, cluster: HadoopCluster): { readonly folder: string; readonly variables: Variables }[] {
  const { master, zookeeper, queues, skus } = cluster;
  const variables = { master, zookeeper, queues: queues.map(({ name }) => name).join(',') };
  if (role !== PER_SKU) return [{ folder: role, variables }];
  return Object.entries(skus).map(([sku, { memoryMb, vcores }]) => ({
    folder: `${role}/${sku}`,
    variables: { ...variables, memory_mb: String(memoryMb), vcores: String(vcores) },
  }));
}

function propertiesOf(
  role: Role,
  tables: readonly PropertyTable[],
  { queues }: HadoopCluster,
  variables: Variables,
): ReadonlyMap<FileName, ReadonlyMap<string, string>> {
  const found = new Map<FileName, Map<string, string>>(FILES.map((file) => [file, new Map()]));
  for (const table of tables) {
    for (const section of [...SHARED_SECTIONS, role]) {
      const rounds =
        section === 'each-queue'
          ? queues.map(({ name, capacity }) => ({ ...variables, queue: name, capacity: String(capacity) }))
          : [variables];
      for (const round of rounds) {
        for (const [file, properties] of table.get(section) ?? []) {
          for (const [name, value] of properties) found.get(file)?.set(fill(name, round), fill(value, round));
        }
      }
    }
  }
  return found;
}
