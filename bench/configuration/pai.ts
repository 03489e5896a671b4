// What pai does with the files before anything else. Prints how many machines there are, or how many problems.
import { join } from 'node:path';
import { loadCluster } from '../../src/cluster/load.js';
import { PaiError } from '../../src/model/errors.js';

const folder = process.argv[2] ?? '.';
const told = { machines: 0, problems: 0 };
try {
  const cluster = await loadCluster({
    configurationDirectory: folder,
    serviceListFile: join(folder, 'service-list.yaml'),
    warn: (warnings) => {
      told.problems += warnings.length;
    },
  });
  told.machines = cluster.hosts.length;
} catch (thrown) {
  if (!(thrown instanceof PaiError) || thrown.code !== 'CONFIG_INVALID') throw thrown;
  told.problems += thrown.details.length;
}
console.log(JSON.stringify({ ...told, used: process.resourceUsage() }));
