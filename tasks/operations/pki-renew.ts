import { type Cluster, type OperationContext, type OperationPlan, PaiError, type Round, type Step } from 'pai';
import { copyOfKeys } from '../masters.js';

/** Targets with certificates, and the pods that go by them. Services are looked at through the masters, so they come after these. */
export const EVERYTHING: readonly Round[] = [
  { targets: ['kubernetes'], appliedOnly: true },
  { targets: ['services'], appliedOnly: true, alone: true },
];

/**
 * Leaf certificates of all hosts, and the operator's. The one thing that changes is the number of the renewal, kept beside the authorities: every target with
 * certificates is stale by it, and runs in the order and behind the gates of any other change. So what was interrupted is finished by `pai run`, too.
 */
export async function planRenewal(cluster: Cluster, context: OperationContext): Promise<OperationPlan> {
  await refuseWithoutAuthorities(context);
  return {
    notes: ['every leaf certificate is issued anew: masters one at a time, then the other hosts'],
    question: 'Components restart one after another; the API goes on answering where there are several masters.',
    steps: [
      {
        name: 'renewal',
        description: 'from now on certificates of before are to be exchanged',
        run: ({ drivers }) => drivers.pki.renew(),
      },
      ...copies(cluster),
    ],
    rounds: EVERYTHING.slice(0, 1),
  };
}

/** @throws PaiError PKI when there is nothing to exchange */
export async function refuseWithoutAuthorities(context: OperationContext): Promise<void> {
  if ((await context.drivers.pki.material()) !== undefined) return;
  throw new PaiError('PKI', 'there are no certificate authorities yet', { next: 'Run pai run kubernetes' });
}

/**
 * Brings what masters share to all of them, before any host goes by it: whatever happens to this machine then, another one goes on from there. A master that
 * can't be reached stops it here.
 */
export function copies(cluster: Cluster): readonly Step[] {
  return cluster.masters.map((host) => ({
    name: `pki-copy:${host.name}`,
    description: 'a copy of what masters share',
    pools: [`host:${host.name}`, 'ssh'],
    async run(context) {
      await context.drivers.hosts.run(host.login, { files: await copyOfKeys(context), script: KEEP }, context);
    },
  }));
}

/** Each file at once; those that are no part of it any more go. */
const KEEP = `set -eu
place=$ROOT/var/lib/pai/pki
mkdir -p "$place"
for file in root/var/lib/pai/pki/*; do
  cp -p "$file" "$place/.new"
  mv -f "$place/.new" "$place/\${file##*/}"
done
`;
