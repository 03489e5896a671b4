import { type Action, type Cluster, type Host, hostAction, PaiError } from 'pai';
import { issuedLate, kubeletCertificates } from './certificates.js';
import { dataOf, dataSettings } from './data.js';
import { drained } from './drained.js';
import { hostScript } from './host-script.js';
import { kubeletFiles, kubeletSettings } from './kubelet.js';
import { checkVersions } from './versions.js';

/**
 * kubelet on a worker. It counts when its node is Ready, which is drained before a change. Cleaning takes the node out of Kubernetes too.
 */
export function workerNode(cluster: Cluster, host: Host): Action {
  const settings = kubeletSettings(cluster, host);
  const action = hostAction({
    host: host.login,
    probe: (context) => hostScript(context, settings, ['worker-probe.sh', 'cordon-probe.sh']),
    work: async (context) => ({
      files: await kubeletFiles(cluster, context),
      late: await issuedLate(kubeletCertificates(host), context),
      script: await hostScript(context, settings, ['kubelet.sh', 'worker.sh']),
      probe: await hostScript(context, settings, ['worker-probe.sh']),
    }),
    keeps: dataOf(cluster, 'other'),
    clean: async (context) => ({
      script: await hostScript(context, { ...settings, ...dataSettings(cluster, context) }, [
        'reset.sh',
        'worker-clean.sh',
      ]),
    }),
  });
  return {
    ...drained(action, host),
    check: (context, allow) => checkVersions(host, { kubelet: cluster.kubernetes.versions.hyperkube }, context, allow),
    async clean(context) {
      await action.clean(context);
      try {
        await context.drivers.kube.deleteNode(host.nodeName, context);
      } catch (error) {
        if (!(error instanceof PaiError) || (error.code !== 'KUBE_UNREACHABLE' && error.code !== 'PKI')) throw error;
        context.log('Kubernetes does not answer: its record of the node is left to go with it');
      }
    },
  };
}
