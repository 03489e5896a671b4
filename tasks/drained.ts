import { setTimeout as sleep } from 'node:timers/promises';
import { type Action, type ApplyContext, type Host, PaiError, type Stamp } from 'pai';

/** Parts of a fingerprint that have nothing to do with kubelet, on a host that has more. */
const NOT_OF_KUBELET = ['etcd.yaml', 'etcd-ca.crt', 'haproxy.yaml', 'haproxy.cfg'].map((file) => `/${file}`);

/** Seconds that Kubernetes may take to answer again after its host was changed. */
const ANSWER_SECONDS = 60;

/**
 * A host action that changes kubelet: while a node does its work, its pods leave it before, and it takes pods again when the action ended, however
 * that was. A node that is not well is not drained: nobody would confirm that its pods stopped, and they get their kubelet back soonest this way.
 */
export function drained(action: Action, host: Host): Action {
  return {
    ...action,
    async desired(context) {
      const desired = await action.desired(context);
      return { ...desired, apply: (applying) => applyDrained(action, host, applying, () => desired.apply(applying)) };
    },
  };
}

async function applyDrained(
  action: Action,
  host: Host,
  context: ApplyContext,
  apply: () => Promise<Stamp>,
): Promise<Stamp> {
  const seen = await action.observe(context);
  if (seen.kind === 'unknown' || !seen.present) return apply();
  const isWell = seen.stamp !== undefined && seen.problem === undefined;
  const isChange = seen.stamp !== undefined && changesKubelet(seen.stamp, context.stamp());
  let stamp: Stamp;
  try {
    if (isWell && isChange) await drain(host, context);
    stamp = await apply();
  } catch (thrown) {
    await takesPodsAgain(host, context).catch((error) => context.log(`node ${host.nodeName}: ${String(error)}`));
    throw thrown;
  }
  if (isWell && isChange) await takesPodsAgain(host, context);
  else if (!isWell) await endEarlierTry(host, context);
  return stamp;
}

/** Whether anything differs that kubelet is started with or reads. */
function changesKubelet(before: Stamp, after: Stamp): boolean {
  const names = new Set([...Object.keys(before.parts), ...Object.keys(after.parts)]);
  return [...names].some((name) => {
    return before.parts[name] !== after.parts[name] && !NOT_OF_KUBELET.some((file) => name.endsWith(file));
  });
}

async function drain(host: Host, context: ApplyContext): Promise<void> {
  try {
    await context.drivers.kube.drain(host.nodeName, { by: context.target }, context);
  } catch (thrown) {
    if (!(thrown instanceof PaiError) || (thrown.code !== 'KUBE_REFUSED' && thrown.code !== 'TIMEOUT')) throw thrown;
    const { code, message, details, where } = thrown;
    throw new PaiError(code, message, {
      details,
      ...(where !== undefined && { where }),
      next: 'Make room for these pods elsewhere, change their budgets or delete them, then run again. The host was not changed.',
      cause: thrown,
    });
  }
}

/** An earlier try may have been cut off before it uncordoned; or before there was a Kubernetes to ask. */
async function endEarlierTry(host: Host, context: ApplyContext): Promise<void> {
  try {
    await context.drivers.kube.uncordon(host.nodeName, context, context.target);
  } catch (thrown) {
    if (!(thrown instanceof PaiError) || (thrown.code !== 'KUBE_UNREACHABLE' && thrown.code !== 'PKI')) throw thrown;
  }
}

/** Uncordons a node that this target cordoned. Its own API server may just be starting. */
async function takesPodsAgain(host: Host, context: ApplyContext): Promise<void> {
  // Also after an interrupt: a node that takes no pods must not be left behind.
  const signal = AbortSignal.timeout(ANSWER_SECONDS * 1000);
  for (;;) {
    try {
      return await context.drivers.kube.uncordon(host.nodeName, { log: context.log, signal }, context.target);
    } catch (thrown) {
      if (!(thrown instanceof PaiError) || !thrown.retryable || signal.aborted) throw thrown;
      await sleep(1000);
    }
  }
}
