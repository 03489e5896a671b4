import path from 'node:path';
import { type Action, type ActionContext, type Cluster, filesAction, PaiError } from 'pai';
import { administratorCertificate, sharedFile } from './certificates.js';
import { componentImages } from './component-images.js';

const KUBECTL_ON_MASTERS = '/var/lib/pai/bin/kubectl';

/** kubectl and the operator's kubeconfig on the dev box, in a folder of the cluster's own: nobody's ~/.kube/config is touched. */
export function operatorTools(cluster: Cluster): Action {
  const folder = cluster.operatorDirectory;
  return filesAction({
    stampPath: path.join(folder, 'stamp.json'),
    late: {
      async spec(context) {
        const { renewed } = await context.drivers.pki.renewal();
        const { apiServer: server } = cluster.addresses;
        return { server, version: componentImages(cluster).hyperkube, ...(renewed > 0 && { renewed }) };
      },
      async make(context) {
        const { certificate, key } = await context.drivers.pki.issue(administratorCertificate());
        const kubectl = await kubectlOfAnyMaster(cluster, context);
        context.log(`export KUBECONFIG=${path.join(folder, 'config')}`);
        const encode = (text: string) => Buffer.from(text).toString('base64');
        const config = await context.drivers.templates.render('kubernetes/kubectl/config.template', {
          cluster_id: cluster.services.clusterId,
          server: cluster.addresses.apiServer,
          authority: encode(await sharedFile(context, 'ca.crt')),
          certificate: encode(certificate),
          key: encode(key),
        });
        return [
          { path: path.join(folder, 'kubectl'), mode: 0o755, content: kubectl },
          { path: path.join(folder, 'config'), mode: 0o600, content: config, secret: true },
        ];
      },
    },
  });
}

/** Of the first master that has it: any one of them may be down. */
async function kubectlOfAnyMaster({ masters }: Cluster, { drivers }: ActionContext): Promise<Uint8Array> {
  let failure: unknown;
  for (const { login } of masters) {
    try {
      const found = (await drivers.hosts.read(login, [KUBECTL_ON_MASTERS])).get(KUBECTL_ON_MASTERS);
      if (found !== undefined) return found;
    } catch (thrown) {
      failure ??= thrown;
    }
  }
  if (failure !== undefined) throw failure;
  throw new PaiError(
    'HOST_SCRIPT',
    `${KUBECTL_ON_MASTERS} is missing on ${masters.map(({ name }) => name).join(', ')}`,
    {
      next: 'Run pai run masters --force, then run again.',
    },
  );
}
