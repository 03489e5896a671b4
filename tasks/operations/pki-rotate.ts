import {
  type Cluster,
  didYouMean,
  type OperationContext,
  type OperationPlan,
  PaiError,
  type RotationPhase,
  type Step,
} from 'pai';
import { hostScript } from '../host-script.js';
import { kubeletSettings } from '../kubelet.js';
import { askHosts } from './ask-hosts.js';
import { copies, EVERYTHING, refuseWithoutAuthorities } from './pki-renew.js';

const ORDER: readonly RotationPhase[] = ['trust-both', 're-issue', 'drop-old'];

const WHAT: Readonly<Record<RotationPhase, string>> = {
  'trust-both': 'new authorities are made and trusted everywhere, beside the old ones that still sign',
  're-issue': 'every certificate is issued anew, by the new authorities',
  'drop-old': 'nothing trusts the old authorities any more',
};

/**
 * All three authorities, in three phases; each is a change of what `pki` gives to all that need it, followed by a run that brings it to every host. A phase
 * begins only after the one before has come to every target. What phase it is lies beside the authorities and on the masters, so any machine goes on.
 * A word behind the command is the phase to stop after.
 */
export async function planRotation(cluster: Cluster, context: OperationContext): Promise<OperationPlan> {
  const last = lastPhase(context.words);
  await refuseWithoutAuthorities(context);
  const first = await firstPhase(cluster, context);
  const { phase = 'drop-old' } = await context.drivers.pki.renewal();
  const phases = ORDER.slice(ORDER.indexOf(first), Math.max(ORDER.indexOf(first), ORDER.indexOf(last)) + 1);
  return {
    notes: [
      first === phase
        ? 'the exchange of certificate authorities goes on:'
        : 'the certificate authorities are exchanged:',
      ...phases.map((name) => `  ${name}: ${WHAT[name]}`),
      'the key of service accounts stays: their tokens go on being good',
    ],
    question: 'Every component restarts in each phase, one host after another.',
    ...phasePlan(cluster, phases),
  };
}

function lastPhase(words: readonly string[]): RotationPhase {
  const [word, ...more] = words;
  const known = ORDER.find((phase) => phase === (word ?? 'drop-old'));
  if (known !== undefined && more.length === 0) return known;
  const wrong = more[0] ?? word ?? '';
  throw new PaiError('USAGE', `${wrong} is no phase${didYouMeanWords(wrong)}`, {
    next: `Name the phase to stop after, one of ${ORDER.join(', ')}; or none`,
  });
}

function didYouMeanWords(word: string): string {
  const meant = didYouMean(word, ORDER);
  return meant === undefined ? '' : `; ${meant}`;
}

/**
 * Where to go on. The last phase of an exchange that was interrupted is brought to its end before another can begin: as long as a host trusts anything else
 * than what is kept.
 */
async function firstPhase(cluster: Cluster, context: OperationContext): Promise<RotationPhase> {
  const { phase } = await context.drivers.pki.renewal();
  const trusted = (await context.drivers.pki.material())?.get('ca.crt');
  const answers = await askHosts(context, cluster.hosts, 'cat "$ROOT/etc/kubernetes/pki/ca.crt" 2>/dev/null || :');
  const silent = answers.flatMap((answer) => ('problem' in answer ? [`${answer.host.name}: ${answer.problem}`] : []));
  if (silent.length > 0) {
    throw new PaiError('HOST_UNREACHABLE', 'certificate authorities are exchanged on all hosts or on none', {
      details: silent,
      next: 'Bring these hosts back, or take them out of the cluster with pai nodes remove',
    });
  }
  if (phase !== undefined && phase !== 'drop-old') return phase;
  const different = answers.filter((answer) => 'text' in answer && answer.text !== '' && answer.text !== trusted);
  if (different.length === 0) return 'trust-both';
  if (phase === 'drop-old') return 'drop-old';
  throw new PaiError(
    'PKI',
    `${different.map(({ host }) => host.name).join(', ')}: other certificate authorities than those kept here`,
    {
      next: "Move the folder pki of the configuration away, and pai reads the masters' copy back",
    },
  );
}

function phasePlan(cluster: Cluster, phases: readonly RotationPhase[]): OperationPlan {
  const [phase, ...following] = phases;
  if (phase === undefined) return { steps: [] };
  const next = following.length === 0 ? undefined : async () => phasePlan(cluster, following);
  const steps: readonly Step[] = [
    { name: `phase:${phase}`, description: WHAT[phase], run: ({ drivers }) => drivers.pki.rotate(phase) },
    ...copies(cluster),
  ];
  if (phase !== 'trust-both') return { steps, rounds: EVERYTHING, ...(next && { next }) };
  // Pods read what service accounts are told when they start, so they wait until the controller manager has told it.
  const pods: OperationPlan = { steps: [accountsTold(cluster)], rounds: EVERYTHING, ...(next && { next }) };
  return { steps, rounds: [{ targets: ['masters', 'workers'], appliedOnly: true }], next: async () => pods };
}

function accountsTold(cluster: Cluster): Step {
  const [host] = cluster.masters;
  if (host === undefined) throw new PaiError('INTERNAL', 'a cluster without masters');
  return {
    name: 'pki-trusted',
    description: 'service accounts are told the new authorities too',
    pools: [`host:${host.name}`, 'ssh'],
    async run(context) {
      const script = await hostScript(context, kubeletSettings(cluster, host), ['pki-trusted.sh']);
      await context.drivers.hosts.run(host.login, { files: [], script }, context);
    },
  };
}
