import type { Drivers } from '../model/drivers.js';
import type { Look } from '../plan/look.js';
import { createLook } from '../run/look.js';
import { newRunId } from '../state/run-id.js';
import type { Options } from './command.js';
import type { Project } from './project.js';
import { wireDrivers } from './wiring.js';

/** What a command that looks at the cluster works with. */
export interface Workbench {
  readonly runId: string;
  readonly drivers: Drivers;
  readonly look: Look;
  /** Writes what was read back of the PKI to the configuration folder. */
  keepPki(): Promise<void>;
  /** Writes what was seen of local targets to `.cache`; only for who holds the project. Returns warnings. */
  keepLocal(): Promise<readonly string[]>;
}

/** Gives work its drivers, and closes what they opened when it is done, however it ends. */
export async function withWorkbench<Result>(
  project: Project,
  options: Options,
  work: (workbench: Workbench) => Promise<Result>,
): Promise<Result> {
  const runId = newRunId(new Date());
  const agentSocket = process.env.SSH_AUTH_SOCK;
  const { drivers, keepPki, close } = wireDrivers(project, { runId, hostKeys: options.hostKeys, agentSocket });
  try {
    return await work({ runId, drivers, look: createLook(drivers), keepPki, keepLocal: () => drivers.local.close() });
  } finally {
    await close();
  }
}
