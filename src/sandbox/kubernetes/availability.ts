import { randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import {
  apiServerAnswers,
  hasFault,
  type SandboxDescription,
  type SandboxHost,
  type SandboxLayout,
  staticPodRuns,
} from '../layout.js';

/**
 * The master whose API server answers at `apiAddress`; undefined when none does. The address may be a master's own, a proxy's,
 * whose haproxy leads to any master that answers, or that of a balancer outside of the sandbox.
 */
export function answeringMaster(layout: SandboxLayout, sandbox: SandboxDescription): SandboxHost | undefined {
  if (hasFault(layout, 'api-down')) return undefined;
  const owner = sandbox.hosts.find(({ address }) => address === sandbox.apiAddress);
  if (owner?.role === 'worker') return undefined;
  if (owner?.role === 'proxy' && !staticPodRuns(layout.host(owner.name), 'haproxy')) return undefined;
  const masters = owner?.role === 'master' ? [owner] : sandbox.hosts.filter(({ role }) => role === 'master');
  return masters.find((master) => apiServerAnswers(layout, sandbox, master));
}

/** Where a member of etcd keeps which store it is of. */
function idFile(layout: SandboxLayout, host: string): string {
  return path.join(layout.host(host).root, 'var/lib/etcd/data/store-id');
}

/**
 * The id of the store that the running members of etcd hold, most of them if they differ. The others are given it: they catch up.
 * When none has one, their data is gone, and a new store begins.
 */
export function storeOf(
  layout: SandboxLayout,
  sandbox: SandboxDescription,
): { readonly id: string; readonly isNew: boolean } {
  const masters = sandbox.hosts.filter(({ role }) => role === 'master');
  const running = masters.filter(({ name }) => staticPodRuns(layout.host(name), 'etcd'));
  const ids = running.map(({ name }) => readId(idFile(layout, name)));
  const known = mostFrequent(ids.filter((id) => id !== undefined));
  const id = known ?? randomUUID();
  for (const [index, { name }] of running.entries()) {
    if (ids[index] === id) continue;
    const file = idFile(layout, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, `${id}\n`, { mode: 0o600 });
  }
  return { id, isNew: known === undefined };
}

/** Removes stores that no host names any more, running or not. */
export function removeLostStores(layout: SandboxLayout, sandbox: SandboxDescription): void {
  const named = new Set(sandbox.hosts.map(({ name }) => `${readId(idFile(layout, name))}.jsonl`));
  for (const file of readdirSync(layout.kubernetes)) {
    if (file.endsWith('.jsonl') && !named.has(file)) rmSync(path.join(layout.kubernetes, file), { force: true });
  }
}

function readId(file: string): string | undefined {
  try {
    const id = readFileSync(file, 'utf8').trim();
    return /^[0-9a-f-]{36}$/.test(id) ? id : undefined;
  } catch {
    return undefined;
  }
}

function mostFrequent(ids: readonly string[]): string | undefined {
  const count = (id: string) => ids.filter((other) => other === id).length;
  return ids.toSorted((a, b) => count(b) - count(a))[0];
}
