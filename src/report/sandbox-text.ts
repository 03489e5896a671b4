import type { SandboxDescription } from '../sandbox/layout.js';
import type { SandboxStatus } from '../sandbox/status.js';
import { widthOf } from './text.js';

/** What a sandbox is, in a line or two: told when one is made. */
export function describeSandbox({ hosts, hostsInProcess }: SandboxDescription, directory: string): string {
  const roles = ['master', 'proxy', 'worker'] as const;
  const counts = roles.flatMap((role) => {
    const count = hosts.filter((host) => host.role === role).length;
    if (count === 0) return [];
    return `${count} ${count === 1 ? role : { master: 'masters', proxy: 'proxies', worker: 'workers' }[role]}`;
  });
  return `sandbox: a simulated cluster of ${counts.join(', ')} in ${directory}
  pai works on it as on real machines, over SSH, HTTP and the Kubernetes API; nothing outside of that folder is touched${
    hostsInProcess === true
      ? '\n  its hosts have no shell: pai itself answers what its scripts would do there (--hosts-in-process)'
      : ''
  }
`;
}

/** What to do next with it. */
export function trySandbox({ hosts }: SandboxDescription): string {
  const host = hosts.findLast(({ role }) => role === 'worker') ?? hosts[0];
  const lines = [
    ['npx pai run services --sandbox', 'again: there is nothing to do'],
    [`npx pai sandbox fault ${host?.name} kubelet-dead`, 'break something; then npx pai plan --sandbox, and run again'],
    ['npx pai sandbox status', 'see what is there'],
  ] as const;
  const width = widthOf(lines.map(([command]) => command));
  return `try next\n${lines.map(([command, what]) => `  ${command.padEnd(width)}  ${what}\n`).join('')}`;
}

/** The machines, what runs on them, and the faults that are on. */
export function formatSandbox({ hosts, etcd, api, faults, hostsInProcess }: SandboxStatus): string {
  const rows = hosts.map(({ name, address, state, pods, faults }) => [
    name,
    address,
    state === 'kubelet runs' && pods.length > 0 ? `kubelet, ${pods.join(', ')}` : state,
    faults.length > 0 ? `fault: ${faults.join(', ')}` : '',
  ]);
  const widths = [0, 1, 2].map((column) => widthOf(rows.map((row) => row[column] ?? '')));
  const lines = rows.map((row) =>
    `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd(),
  );
  const masters = hosts.filter(({ role }) => role === 'master').length;
  return `${lines.join('\n')}
hosts (simulated)       ${hostsInProcess ? 'in process, without a shell' : 'each with a shell'}
etcd (simulated)        ${etcd} of ${masters} members can commit
Kubernetes (simulated)  ${api ? 'answers' : 'does not answer'}${faults.length > 0 ? `\nfault: ${faults.join(', ')}` : ''}
`;
}
