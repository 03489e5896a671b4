import { getServers } from 'node:dns';
import path from 'node:path';
import type { Wishes } from '../../cluster/generate/configuration-texts.js';
import { USUAL_PASSWORD } from '../../cluster/generate/machine-list.js';
import { readMachineList } from '../../cluster/generate/read-list.js';
import { refuseOverwriting, writeConfiguration } from '../../cluster/generate/write.js';
import { CONFIGURATION_FILES } from '../../cluster/load.js';
import { placed } from '../../cluster/problems.js';
import { PaiError } from '../../model/errors.js';
import { formatGenerated } from '../../report/config-text.js';
import { EXIT, type Invocation, shellWord } from '../command.js';
import { findRoot } from '../root.js';
import type { ConfigWork } from './config.js';

/** `pai config generate -i LIST -o DIR`: writes a configuration from a short list of machines. */
export const generate: ConfigWork = async (invocation, words) => {
  const { io, options } = invocation;
  const { input, out } = options;
  if (words.length > 0 || input === undefined || out === undefined) {
    throw new PaiError('USAGE', 'say from which list of machines, and to which folder', {
      next: 'Say `pai config generate -i machines.yaml -o DIR`.',
    });
  }
  const list = path.resolve(io.cwd, input);
  const machines = await readMachineList(list);
  const clusterDns = nameServer();
  const wishes = { machines, listDirectory: path.dirname(list), ...(clusterDns !== undefined && { clusterDns }) };
  return writeAndTell(invocation, wishes, path.resolve(io.cwd, out));
};

/** Writes a configuration to a folder and tells what of it is to be looked at. */
export async function writeAndTell(invocation: Invocation, wishes: Wishes, folder: string): Promise<number> {
  const { io, options } = invocation;
  const serviceListFile = path.join(await findRoot(io.cwd), 'service-list.yaml');
  const { placeholders, cluster } = await writeConfiguration(wishes, {
    folder,
    serviceListFile,
    force: options.force === true,
    warn: (warnings) => {
      for (const warning of warnings)
        io.stderr(`warning: ${placed({ ...warning, file: path.basename(warning.file) })}\n`);
    },
  });
  const seen = path.relative(io.cwd, folder) || '.';
  const shown = shellWord(seen.startsWith('..') ? folder : seen);
  const asked = wishes.machines.some(({ password }) => password === USUAL_PASSWORD);
  io.stdout(formatGenerated(cluster, shown, { placeholders, ...(asked && { password: USUAL_PASSWORD }) }));
  return EXIT.ok;
}

/** Throws USAGE when a configuration is in a folder already and `--force` does not say otherwise. */
export async function refuseIfThere({ options }: Invocation, folder: string): Promise<void> {
  if (options.force !== true) await refuseOverwriting(folder, Object.values(CONFIGURATION_FILES));
}

/** The name server of this machine, if others can reach it too. */
export function nameServer(): string | undefined {
  return getServers().find((address) => !/^(127\.|::1$|fe80)|[%\]]|^\d+\.\d+\.\d+\.\d+:/.test(address));
}
