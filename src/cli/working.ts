import type { ConfigurationStore } from '../kube/configuration-store.js';
import type { Drivers } from '../model/drivers.js';
import type { Look } from '../plan/look.js';
import { createLook } from '../run/look.js';
import { newRunId } from '../state/run-id.js';
import type { Options } from './command.js';
import type { Project } from './project.js';
import { type Detours, wireDrivers } from './wiring.js';

/** What a command that looks at the cluster works with. */
export interface Workbench {
  readonly drivers: Drivers;
  readonly look: Look;
  /** Copies of the configuration in the cluster. */
  configurations(): Promise<ConfigurationStore>;
  /** Writes what was read back of the PKI to the configuration folder. */
  keepPki(): Promise<void>;
  /** Writes what was seen of local targets to `.cache`; only for who holds the project. Returns warnings. */
  keepLocal(): Promise<readonly string[]>;
}

/** For whom drivers are made. */
export interface WorkingFor {
  /** The run's id; a new one unless told. */
  readonly runId?: string;
  /** Ends looking. */
  readonly signal?: AbortSignal;
}

function sandbox(directory: string): () => Promise<Detours> {
  return async () => (await import('./sandbox.js')).sandboxDetours(directory);
}

/** Gives work its drivers, and closes what they opened when it is done, however it ends. */
export async function withWorkbench<Result>(
  project: Project,
  options: Options,
  work: (workbench: Workbench) => Promise<Result>,
  { runId = newRunId(new Date()), signal }: WorkingFor = {},
): Promise<Result> {
  const agentSocket = process.env.SSH_AUTH_SOCK;
  const { drivers, keepLocal, keepPki, configurations, close } = wireDrivers(project, {
    runId,
    hostKeys: options.hostKeys,
    undefinedVariables: options.undefined,
    agentSocket,
    ...(project.sandboxDirectory !== undefined && { detours: sandbox(project.sandboxDirectory) }),
  });
  try {
    return await work({ drivers, look: createLook(drivers, signal && { signal }), keepPki, keepLocal, configurations });
  } finally {
    await close();
  }
}
