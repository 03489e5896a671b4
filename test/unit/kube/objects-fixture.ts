import type { KubeObject, KubeWork } from '../../../src/model/drivers.js';
import type { Json, JsonObject } from '../../../src/model/json.js';

export function object(
  apiVersion: string,
  kind: string,
  name: string,
  rest: Record<string, Json> = {},
  namespace?: string,
): KubeObject {
  return { apiVersion, kind, metadata: { name, ...(namespace === undefined ? {} : { namespace }) }, ...rest };
}

export function configMap(name: string, data: Readonly<Record<string, string>> = {}, namespace?: string): KubeObject {
  return object('v1', 'ConfigMap', name, { data }, namespace);
}

export function template(app: string, spec: JsonObject = {}): JsonObject {
  const containers = [{ name: 'main', image: `registry.example/${app}:1` }];
  return { metadata: { labels: { app } }, spec: { containers, ...spec } };
}

export function deployment(app: string, rest: JsonObject = {}, spec: JsonObject = {}): KubeObject {
  const selector = { matchLabels: { app } };
  return object('apps/v1', 'Deployment', app, {
    spec: { replicas: 1, selector, template: template(app, spec), ...rest },
  });
}

export function daemonSet(app: string, nodeSelector: JsonObject = {}, spec: JsonObject = {}): KubeObject {
  const selector = { matchLabels: { app } };
  return object('apps/v1', 'DaemonSet', app, {
    spec: { selector, template: template(app, { nodeSelector, ...spec }) },
  });
}

export function statefulSet(app: string): KubeObject {
  const spec = { serviceName: app, replicas: 2, selector: { matchLabels: { app } }, template: template(app) };
  return object('apps/v1', 'StatefulSet', app, { spec });
}

export function job(app: string, image = 'registry.example/job:1'): KubeObject {
  const containers = [{ name: 'main', image }];
  return object('batch/v1', 'Job', app, {
    spec: {
      backoffLimit: 0,
      template: { metadata: { labels: { app } }, spec: { restartPolicy: 'Never', containers } },
    },
  });
}

export function work(objects: readonly KubeObject[], nodeLabels: KubeWork['nodeLabels'] = {}): KubeWork {
  return { objects, nodeLabels };
}
