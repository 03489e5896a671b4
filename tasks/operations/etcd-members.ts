import { type ActionContext, type Cluster, type Host, PaiError, type PayloadFile } from 'pai';
import { etcdSettings, peerUrl } from '../etcd.js';
import { hostScript, type Settings } from '../host-script.js';
import { type EtcdLook, type EtcdView, partnerOf, readLook, removalProblem, viewOf } from './etcd-view.js';

export { type EtcdView, memberOf, removalProblem } from './etcd-view.js';

/** What the membership of etcd is changed with. */
export type MembershipContext = Pick<ActionContext, 'drivers' | 'log' | 'signal' | 'target'>;

/** Asks every master about its member, all together. A host that can't be asked is told as such; nothing is changed. */
export async function lookAtEtcd(cluster: Cluster, context: Pick<ActionContext, 'drivers'>): Promise<EtcdView> {
  return viewOf(await Promise.all(cluster.masters.map((host) => lookAt(cluster, host, context))));
}

const NOTHING = { installed: false, running: false, data: false, healthy: false, alarms: [] };

async function lookAt(cluster: Cluster, host: Host, context: Pick<ActionContext, 'drivers'>): Promise<EtcdLook> {
  try {
    const script = await hostScript(context, etcdSettings(cluster, host), ['etcd-health.sh', 'etcd-status.sh']);
    return readLook(host, await context.drivers.hosts.ask(host.login, script));
  } catch (error) {
    if (!(error instanceof PaiError) || error.code === 'INTERNAL') throw error;
    return { host, unreachable: error.message, ...NOTHING };
  }
}

/**
 * Takes the member of a host out of etcd, through a healthy member on another one; the host itself is not asked and may be gone. It is found by its
 * peer URL, so the host needs not be in the configuration any more. Nothing happens when it is no member.
 * @throws PaiError HOST_SCRIPT when the quorum would break, or none is there
 */
export async function removeMember(cluster: Cluster, host: Host, context: MembershipContext): Promise<void> {
  const view = await lookAtEtcd(cluster, context);
  const problem = removalProblem(view, host);
  const partner = partnerOf(view, host);
  if (problem !== undefined || partner === undefined) {
    throw new PaiError('HOST_SCRIPT', problem ?? `no other member of etcd than that of ${host.name} is healthy`, {
      where: `host ${host.name}`,
      next: view.serves
        ? 'Bring the other members back first: pai etcd status.'
        : 'See pai etcd status; when it can not come back by itself: pai etcd restore.',
    });
  }
  const settings = { PEER_URL: peerUrl(host), HOST_NAME: host.name };
  await runEtcdScript(cluster, partner.host, context, ['etcd-health.sh', 'etcd-remove.sh'], { settings });
}

/** Runs scripts of `templates/host/` about the member of a host, there. */
export async function runEtcdScript(
  cluster: Cluster,
  host: Host,
  context: MembershipContext,
  scripts: readonly string[],
  given: { readonly settings?: Settings; readonly files?: readonly PayloadFile[] } = {},
): Promise<void> {
  const script = await hostScript(context, { ...etcdSettings(cluster, host), ...given.settings }, scripts);
  await context.drivers.hosts.run(host.login, { files: given.files ?? [], script }, { ...context, outputs: new Map() });
}
