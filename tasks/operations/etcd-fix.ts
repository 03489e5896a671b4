import {
  type Cluster,
  didYouMean,
  type Host,
  type OperationContext,
  type OperationPlan,
  PaiError,
  type Step,
} from 'pai';
import { membership } from '../etcd.js';
import { lookAtEtcd, type MembershipContext, removeMember, runEtcdScript } from './etcd-members.js';
import { defaultSnapshotFile, takeSnapshot } from './etcd-snapshot.js';
import { type EtcdView, memberOf, partnerOf, quorumOf, removalProblem } from './etcd-view.js';

/**
 * Replaces the member of one host: snapshot, stop, take it out, move its data aside, add it as a learner, start, promote, check. Every step looks
 * first at the list of members, so that one that was interrupted goes on. The host itself may be away: then the others are rid of it, and the notes
 * say what is left.
 */
export async function planFix(cluster: Cluster, context: OperationContext): Promise<OperationPlan> {
  const host = hostOfWords(cluster, context.words);
  const view = await lookAtEtcd(cluster, context);
  const isForced = context.options.force === true;
  checkFix(cluster, view, host, isForced);
  const partner = partnerOf(view, host);
  if (partner === undefined) throw new Error('a fix was allowed without a healthy member');
  const look = view.looks.find((each) => each.host.name === host.name);
  const isAway = look?.unreachable !== undefined;
  const rejoins = !isAway && look?.installed === true;
  const snapshot = defaultSnapshotFile(cluster, new Date());
  const onHost = [`host:${host.name}`, 'ssh'];
  const onPartner = [`host:${partner.host.name}`, 'ssh'];
  const steps: Step[] = [
    {
      name: `etcd-snapshot:${partner.host.name}`,
      description: `snapshot of a healthy member, to ${snapshot}`,
      pools: onPartner,
      run: (applying) => takeSnapshot(cluster, partner.host, snapshot, applying),
    },
    ...(isAway
      ? []
      : [
          {
            name: `etcd-stop:${host.name}`,
            description: 'stop the member',
            pools: onHost,
            run: (applying: MembershipContext) => stop(cluster, host, applying, isForced),
          },
        ]),
    {
      name: `etcd-remove:${host.name}`,
      description: 'take it out of the members',
      pools: onPartner,
      run: (applying) => remove(cluster, host, applying),
    },
    ...(rejoins
      ? [
          {
            name: `etcd-join:${host.name}`,
            description: 'move its data aside, add it as a learner, start and promote it',
            pools: onHost,
            run: (applying: MembershipContext) => rejoin(cluster, host, applying),
          },
          {
            name: `etcd-check:${host.name}`,
            description: 'see that all is well',
            pools: ['ssh'],
            run: (applying: MembershipContext) => check(cluster, host, applying),
          },
        ]
      : []),
  ];
  return { notes: notesOf(host, isAway, rejoins, look?.unreachable), steps };
}

function notesOf(host: Host, isAway: boolean, rejoins: boolean, why: string | undefined): readonly string[] {
  if (isAway) {
    return [
      `${host.name} can't be asked (${why ?? 'no reason given'}): its member is taken out now.`,
      `Once it is back: pai etcd fix ${host.name} again. If it never comes back: pai nodes remove ${host.name}.`,
    ];
  }
  if (rejoins) return [];
  return [`etcd is not installed on ${host.name}. What is left then: pai run etcd:${host.name}, which joins it.`];
}

/** @throws PaiError USAGE, UNKNOWN_NAME */
function hostOfWords(cluster: Cluster, words: readonly string[]): Host {
  const [name, ...more] = words;
  if (name === undefined || more.length > 0) {
    throw new PaiError('USAGE', 'pai etcd fix needs the name of one master', {
      next: `There are: ${cluster.masters.map((master) => master.name).join(', ')}.`,
    });
  }
  const host = cluster.hosts.find((each) => each.name === name);
  if (host === undefined) {
    const meant = didYouMean(
      name,
      cluster.masters.map((master) => master.name),
    );
    throw new PaiError('UNKNOWN_NAME', `there is no host '${name}'${meant === undefined ? '' : `; ${meant}`}`, {
      next: `Masters are: ${cluster.masters.map((master) => master.name).join(', ')}.`,
    });
  }
  if (host.role === 'master') return host;
  throw new PaiError('USAGE', `${name} is a ${host.role}: only masters have a member of etcd`, {
    next: `For another node: pai repair ${name}. Masters are: ${cluster.masters.map((master) => master.name).join(', ')}.`,
  });
}

/** Refuses what would break etcd, or makes no sense. For planning: nothing is asked. @throws PaiError USAGE */
export function checkFix(cluster: Cluster, view: EtcdView, host: Host, isForced: boolean): void {
  const member = memberOf(view, host);
  const voters = view.members.filter(({ learner }) => !learner).length;
  const look = view.looks.find((each) => each.host.name === host.name);
  const refuse = (what: string, next: string): never => {
    throw new PaiError('USAGE', what, { where: `host ${host.name}`, next });
  };
  const isInterrupted = view.looks.some(({ restore }) => restore !== undefined);
  if (isInterrupted) {
    refuse('a restore of etcd did not come to its end', 'Run the same pai etcd restore again first.');
  }
  if (!view.serves) {
    const need = voters === 0 ? quorumOf(cluster.masters.length) : view.quorum;
    refuse(
      `etcd has no quorum (${view.healthy.length} of ${Math.max(voters, cluster.masters.length)} members are healthy, ${need} are needed): no member can be replaced`,
      'Bring enough hosts back (pai etcd status). Where their data are lost: pai etcd restore -f SNAPSHOT.',
    );
  }
  if (look?.healthy === true && !isForced) {
    refuse(`the member on ${host.name} is healthy: there is nothing to fix`, 'To replace it all the same: --force.');
  }
  if (member !== undefined && !member.learner && voters === 2 && !isForced) {
    refuse(
      `etcd has two members, and without ${host.name} a single one, whose failure would be the end`,
      'Add a master first, or take that risk: --force.',
    );
  }
  const problem = removalProblem(view, host);
  if (problem !== undefined) refuse(problem, 'Bring the other members back first: pai etcd status.');
}

/**
 * Whether the member of a host is not the broken one, but the one that an earlier try put in its place: a learner, or one that is healthy. The script of
 * a try that was interrupted goes on without pai, and may have promoted it since the plan was made.
 */
async function isReplaced(
  cluster: Cluster,
  host: Host,
  context: MembershipContext,
  isForced: boolean,
): Promise<boolean> {
  const view = await lookAtEtcd(cluster, context);
  const member = memberOf(view, host);
  if (member === undefined) return false;
  const look = view.looks.find((each) => each.host.name === host.name);
  return member.learner || !member.started || (look?.healthy === true && !isForced);
}

async function stop(cluster: Cluster, host: Host, context: MembershipContext, isForced: boolean): Promise<void> {
  if (await isReplaced(cluster, host, context, isForced)) {
    context.log(`the new member on ${host.name} was added already`);
    return;
  }
  await runEtcdScript(cluster, host, context, ['etcd-manifest.sh', 'etcd-stop.sh']);
}

async function remove(cluster: Cluster, host: Host, context: MembershipContext): Promise<void> {
  // The broken one was stopped, so one that runs is the new one, whatever it is called by now.
  const look = (await lookAtEtcd(cluster, context)).looks.find((each) => each.host.name === host.name);
  if (look?.running === true || (await isReplaced(cluster, host, context, true))) {
    context.log(`the new member on ${host.name} was added already`);
    return;
  }
  await removeMember(cluster, host, context);
}

async function rejoin(cluster: Cluster, host: Host, context: MembershipContext): Promise<void> {
  const scripts = ['etcd-health.sh', 'etcd-join.sh', 'etcd-manifest.sh', 'etcd-rejoin.sh'];
  await runEtcdScript(cluster, host, context, scripts, { files: await membership(cluster, host, context) });
}

async function check(cluster: Cluster, host: Host, context: MembershipContext): Promise<void> {
  const view = await lookAtEtcd(cluster, context);
  const look = view.looks.find((each) => each.host.name === host.name);
  if (look?.healthy !== true || memberOf(view, host)?.learner !== false) {
    throw new PaiError('HOST_SCRIPT', `the member on ${host.name} is not healthy: ${look?.problem ?? 'no member'}`, {
      where: `host ${host.name}`,
      next: 'See pai etcd status, and run the same command again.',
    });
  }
  const voters = view.members.filter(({ learner }) => !learner).length;
  context.log(`${view.healthy.length} of ${voters} members of etcd are healthy`);
}
