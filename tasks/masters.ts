import { createHash } from 'node:crypto';
import { type Action, type ActionContext, type Cluster, type Host, hostAction, type PayloadFile } from 'pai';
import {
  certificatesState,
  controlPlaneCertificates,
  issuedLate,
  sharedFile,
  sharedMaterial,
  signingAuthority,
} from './certificates.js';
import { componentImages } from './component-images.js';
import { hostScript } from './host-script.js';
import { kubeletSettings } from './kubelet.js';
import { releasesOf } from './releases.js';
import { checkVersions } from './versions.js';

/** Files that API server and controller manager read of what masters share. */
const SHARED = ['ca.key', 'etcd-ca.crt', 'front-proxy-ca.crt', 'sa.key', 'sa.pub'];

/** API server, controller manager and scheduler as static pods. A master counts when its `/readyz` says so. */
export function controlPlane(cluster: Cluster, host: Host): Action {
  const settings = kubeletSettings(cluster, host);
  const action = hostAction({
    host: host.login,
    probe: (context) => hostScript(context, settings, ['master-probe.sh']),
    async work(context) {
      const issued = await issuedLate(controlPlaneCertificates(cluster, host), context);
      return {
        files: [...(await configuration(cluster, context)), ...(await manifests(cluster, host, context))],
        late: {
          ...issued,
          files: async (applying) => [...(await issued.files(applying)), ...(await copyOfKeys(applying))],
        },
        script: await hostScript(context, settings, ['master.sh']),
        probe: await hostScript(context, settings, ['master-probe.sh']),
      };
    },
    clean: async (context) => ({ script: await hostScript(context, settings, ['master-clean.sh']) }),
  });
  const { apiserver, controllerManager, scheduler } = cluster.kubernetes.versions;
  const wanted = {
    'kube-apiserver': apiserver,
    'kube-controller-manager': controllerManager,
    'kube-scheduler': scheduler,
  };
  return { ...action, check: (context, allow) => checkVersions(host, wanted, context, allow) };
}

async function configuration(cluster: Cluster, context: ActionContext): Promise<readonly PayloadFile[]> {
  const { templates } = context.drivers;
  const shared = SHARED.map(async (name) => ({
    path: `root/etc/kubernetes/pki/${name}`,
    mode: 0o600,
    content: await sharedFile(context, name),
    ...(name.endsWith('.key') ? { secret: true } : {}),
  }));
  const kubeconfigs = ['kube-controller-manager', 'kube-scheduler'].map(async (component) => ({
    path: `root/etc/kubernetes/${component}.conf`,
    mode: 0o600,
    content: await templates.render('kubernetes/component.conf.template', { component }),
  }));
  return [
    ...(await Promise.all([...shared, ...kubeconfigs])),
    // The controller manager signs with exactly one.
    { path: 'root/etc/kubernetes/pki/ca-signing.crt', mode: 0o600, content: await signingAuthority(context) },
    {
      path: 'root/etc/kubernetes/audit-policy.yaml',
      mode: 0o600,
      content: await templates.read('kubernetes/kube-apiserver/audit-policy.yaml'),
    },
    {
      path: 'root/etc/kubernetes/encryption.yaml',
      mode: 0o600,
      secret: true,
      content: await templates.render('kubernetes/kube-apiserver/encryption.yaml.template', {
        ...cluster.variables.kubernetes,
        secrets_key: (await sharedFile(context, 'secrets-encryption.key')).trim(),
      }),
    },
  ];
}

async function manifests(cluster: Cluster, host: Host, context: ActionContext): Promise<readonly PayloadFile[]> {
  const { templates } = context.drivers;
  const images = componentImages(cluster);
  const releases = releasesOf(cluster);
  // Read at the start only, so the manifests name what they are: nothing secret goes in.
  const audit = await templates.read('kubernetes/kube-apiserver/audit-policy.yaml');
  const inputs = createHash('sha256')
    .update(JSON.stringify([await certificatesState(context), controlPlaneCertificates(cluster, host)]))
    .update(audit)
    .digest('hex');
  const components = [
    ['kube-apiserver', images.apiserver, releases.apiserver],
    ['kube-controller-manager', images.controllerManager, releases.controllerManager],
    ['kube-scheduler', images.scheduler, releases.scheduler],
  ] as const;
  return Promise.all(
    components.map(async ([name, image, release]) => ({
      path: `root/etc/kubernetes/manifests/${name}.yaml`,
      mode: 0o600,
      content: await templates.render(`kubernetes/${name}/${name}.yaml.template`, {
        ...cluster.variables.kubernetes,
        hostcofig: host.raw,
        cluster_id: cluster.services.clusterId,
        image,
        release: { ...release },
        inputs,
      }),
    })),
  );
}

/** All that masters share, kept where a dev box that lost its copy finds it. Its `pki` output stands for it. */
export async function copyOfKeys(context: ActionContext): Promise<readonly PayloadFile[]> {
  return [...(await sharedMaterial(context))].map(([name, content]) => ({
    path: `root/var/lib/pai/pki/${name}`,
    mode: 0o600,
    content,
    secret: true,
  }));
}
