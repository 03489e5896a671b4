import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { PaiError } from '../model/errors.js';
import { didYouMean } from '../model/suggest.js';
import { wipeHost } from './bare-host.js';
import { findHost } from './hosts.js';
import {
  HOST_FAULTS,
  type HostFault,
  SANDBOX_FAULTS,
  type SandboxDescription,
  type SandboxFault,
  type SandboxLayout,
} from './layout.js';

/** Faults that happen once, when they are set; there is nothing to lift. */
export const MOMENTARY_FAULTS: readonly HostFault[] = ['wipe', 'kubelet-dead'];

/** Whether a fault is one of a host; else it is one of the whole sandbox. @throws PaiError UNKNOWN_NAME */
export function isHostFault(fault: string): fault is HostFault {
  if (HOST_FAULTS.some((name) => name === fault)) return true;
  if (SANDBOX_FAULTS.some((name) => name === fault)) return false;
  const names = [...HOST_FAULTS, ...SANDBOX_FAULTS];
  const meant = didYouMean(fault, names);
  throw new PaiError('UNKNOWN_NAME', `there is no fault '${fault}'${meant === undefined ? '' : `; ${meant}`}`, {
    next: `Faults are: ${names.join(', ')}`,
  });
}

/**
 * Sets a fault of a host, or of the whole sandbox (then without `host`). `detail` is what the fault's file says: the seconds
 * of `slow`, how many times `cut` cuts.
 * @throws PaiError UNKNOWN_NAME, USAGE
 */
export async function setFault(
  layout: SandboxLayout,
  sandbox: SandboxDescription,
  fault: HostFault | SandboxFault,
  host?: string,
  detail = '',
): Promise<void> {
  const file = faultFile(layout, sandbox, fault, host);
  if (fault === 'wipe' && host !== undefined) {
    await wipeHost(layout, sandbox, findHost(sandbox, host));
  } else if (fault === 'kubelet-dead' && host !== undefined) {
    const container = path.join(layout.host(host).docker, 'containers/kubelet');
    if (!existsSync(container)) throw new PaiError('USAGE', `host ${host} has no kubelet that could die`);
    await writeFile(path.join(container, 'state'), 'exited\n');
  } else {
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, detail === '' ? '' : `${detail}\n`);
  }
}

/** Lifts a fault; one that is not on is no error. @throws PaiError UNKNOWN_NAME, USAGE */
export async function liftFault(
  layout: SandboxLayout,
  sandbox: SandboxDescription,
  fault: HostFault | SandboxFault,
  host?: string,
): Promise<void> {
  await rm(faultFile(layout, sandbox, fault, host), { force: true });
}

function faultFile(
  layout: SandboxLayout,
  sandbox: SandboxDescription,
  fault: HostFault | SandboxFault,
  host: string | undefined,
): string {
  if (!isHostFault(fault)) {
    if (host !== undefined)
      throw new PaiError('USAGE', `the fault ${fault} is one of the whole sandbox, not of a host`);
    return path.join(layout.faults, fault);
  }
  if (host === undefined) throw new PaiError('USAGE', `the fault ${fault} is one of a host: name it`);
  return path.join(layout.host(findHost(sandbox, host).name).faults, fault);
}
