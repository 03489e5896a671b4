import { isDeepStrictEqual } from 'node:util';
import type { Json, JsonObject } from '../../model/json.js';
import { listAt, objectAt, textAt, valueAt } from '../../model/json-path.js';
import { type ApiKind, apiVersionOf } from './kinds.js';
import { matchesSelector } from './selectors.js';
import { ApiError, type Cause, invalid } from './status.js';
import { nameOf, namespaceOf } from './world.js';

type Fault = Omit<Cause, 'reason'>;

const LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const LABEL_HINT =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character";
const SUBDOMAIN_HINT =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character";
/** Kinds whose names may have other characters: `system:node-proxier`. */
const FREE_NAMES = 'rbac.authorization.k8s.io';

const WORKLOAD_SPECS: Readonly<Record<string, readonly string[]>> = {
  Deployment: [
    ...['minReadySeconds', 'paused', 'progressDeadlineSeconds', 'replicas', 'revisionHistoryLimit', 'selector'],
    ...['strategy', 'template'],
  ],
  DaemonSet: ['minReadySeconds', 'revisionHistoryLimit', 'selector', 'template', 'updateStrategy'],
  StatefulSet: [
    ...['minReadySeconds', 'ordinals', 'persistentVolumeClaimRetentionPolicy', 'podManagementPolicy', 'replicas'],
    ...['revisionHistoryLimit', 'selector', 'serviceName', 'template', 'updateStrategy', 'volumeClaimTemplates'],
  ],
  Job: [
    ...['activeDeadlineSeconds', 'backoffLimit', 'completionMode', 'completions', 'manualSelector', 'parallelism'],
    ...['podFailurePolicy', 'selector', 'suspend', 'template', 'ttlSecondsAfterFinished'],
  ],
};
const CONTAINER = [
  ...['args', 'command', 'env', 'envFrom', 'image', 'imagePullPolicy', 'lifecycle', 'livenessProbe', 'name', 'ports'],
  ...['readinessProbe', 'resizePolicy', 'resources', 'restartPolicy', 'securityContext', 'startupProbe', 'stdin'],
  ...['stdinOnce', 'terminationMessagePath', 'terminationMessagePolicy', 'tty', 'volumeDevices', 'volumeMounts'],
  'workingDir',
];
/** Fields of plain kinds besides apiVersion, kind, metadata and status. */
const TOP_LEVEL: Readonly<Record<string, readonly string[]>> = {
  ConfigMap: ['binaryData', 'data', 'immutable'],
  Secret: ['data', 'immutable', 'stringData', 'type'],
  Deployment: ['spec'],
  DaemonSet: ['spec'],
  StatefulSet: ['spec'],
  Job: ['spec'],
  Service: ['spec'],
  Pod: ['spec'],
};

/**
 * Refuses what does not fit the schema, as far as the sandbox knows it: fields that do not exist and types, of everyday kinds.
 * Never tells a value: it may be a Secret's.
 */
export function checkSchema(kind: ApiKind, object: JsonObject): void {
  if (kind.custom) return;
  const problem = unknownField(kind.kind, object) ?? wrongType(kind.kind, object);
  if (problem === undefined) return;
  const place = [namespaceOf(object), nameOf(object)].filter((part) => part !== '').join('/');
  const version = apiVersionOf(kind.group, kind.versions[0] ?? '');
  throw new ApiError(
    500,
    'InternalError',
    `failed to create typed patch object (${place}; ${version}, Kind=${kind.kind}): ${problem}`,
  );
}

function unknownField(kind: string, object: JsonObject): string | undefined {
  const top = TOP_LEVEL[kind];
  if (top === undefined) return undefined;
  const known = ['apiVersion', 'kind', 'metadata', 'status', ...top];
  const fields: [prefix: string, known: readonly string[], value: Json | undefined][] = [['', known, object]];
  const spec = WORKLOAD_SPECS[kind];
  if (spec !== undefined) fields.push(['.spec', spec, object.spec]);
  for (const [path, container] of containersOf(kind, object)) fields.push([path, CONTAINER, container]);
  for (const [prefix, names, value] of fields) {
    const wrong = Object.keys(objectAt(value)).find((key) => !names.includes(key));
    if (wrong !== undefined) return `${prefix}.${wrong}: field not declared in schema`;
  }
  return undefined;
}

function wrongType(kind: string, object: JsonObject): string | undefined {
  for (const map of kind === 'Secret' || kind === 'ConfigMap' ? ['data', 'stringData'] : []) {
    const wrong = Object.entries(objectAt(object, map)).find(
      ([, value]) => value !== null && typeof value !== 'string',
    );
    if (wrong !== undefined) return `.${map}.${wrong[0]}: expected string`;
  }
  for (const [path, container] of containersOf(kind, object)) {
    for (const one of listAt(container, 'env')) {
      const value = objectAt(one).value ?? '';
      if (typeof value !== 'string')
        return `${path}.env[name=${JSON.stringify(textAt(one, 'name') ?? '')}].value: expected string`;
    }
  }
  return undefined;
}

/** Containers with their paths as schema errors show them. */
function containersOf(kind: string, object: JsonObject): readonly (readonly [path: string, container: Json])[] {
  const inTemplate = WORKLOAD_SPECS[kind] !== undefined;
  if (!inTemplate && kind !== 'Pod') return [];
  const path = inTemplate ? ['spec', 'template', 'spec'] : ['spec'];
  return ['initContainers', 'containers'].flatMap((list) =>
    listAt(object, ...path, list).map(
      (container) =>
        [`.${[...path, list].join('.')}[name=${JSON.stringify(textAt(container, 'name') ?? '')}]`, container] as const,
    ),
  );
}

/** Refuses an object that can't be, or that can't become of the one that is there. */
export function checkObject(kind: ApiKind, object: JsonObject, live: JsonObject | undefined): void {
  const faults = [...nameFaults(kind, object), ...workloadFaults(kind, object), ...plainFaults(kind, object)];
  if (live !== undefined) faults.push(...changeFaults(kind, object, live));
  if (faults.length > 0) throw invalid(kind, nameOf(object), faults);
}

function nameFaults(kind: ApiKind, object: JsonObject): readonly Fault[] {
  const name = nameOf(object);
  if (kind.group === FREE_NAMES)
    return name.includes('/') ? [{ field: 'metadata.name', message: "may not contain '/'" }] : [];
  const isLabel = kind.kind === 'Namespace' || kind.kind === 'Service';
  if ((isLabel ? LABEL : SUBDOMAIN).test(name) && name.length <= (isLabel ? 63 : 253)) return [];
  return [{ field: 'metadata.name', message: `Invalid value: "${name}": ${isLabel ? LABEL_HINT : SUBDOMAIN_HINT}` }];
}

function workloadFaults(kind: ApiKind, object: JsonObject): readonly Fault[] {
  const isPod = kind.kind === 'Pod' && !kind.custom;
  if (!isPod && (kind.custom || WORKLOAD_SPECS[kind.kind] === undefined)) return [];
  const template = isPod ? object : objectAt(object, 'spec', 'template');
  const path = isPod ? 'spec' : 'spec.template.spec';
  const faults: Fault[] = [];
  if (!isPod && kind.kind !== 'Job') {
    const selector = valueAt(object, 'spec', 'selector');
    if (selector === undefined) faults.push({ field: 'spec.selector', message: 'Required value' });
    else if (!matchesSelector(selector, objectTexts(template, 'metadata', 'labels'))) {
      const message = 'Invalid value: `selector` does not match template `labels`';
      faults.push({ field: 'spec.template.metadata.labels', message });
    }
  }
  const policy = valueAt(template, 'spec', 'restartPolicy');
  if (kind.kind === 'Job' && policy !== 'Never' && policy !== 'OnFailure') {
    faults.push({ field: `${path}.restartPolicy`, message: 'Required value: valid values: "OnFailure", "Never"' });
  }
  if (listAt(template, 'spec', 'containers').length === 0) {
    faults.push({ field: `${path}.containers`, message: 'Required value' });
  }
  return [...faults, ...containerFaults(template, path)];
}

function containerFaults(template: JsonObject, path: string): readonly Fault[] {
  const volumes = listAt(template, 'spec', 'volumes').map((volume) => textAt(volume, 'name'));
  return ['initContainers', 'containers'].flatMap((list) =>
    listAt(template, 'spec', list).flatMap((container, index) => {
      const at = `${path}.${list}[${index}]`;
      const name = textAt(container, 'name') ?? '';
      const faults: Fault[] = [];
      if (name === '') faults.push({ field: `${at}.name`, message: 'Required value' });
      else if (!LABEL.test(name))
        faults.push({ field: `${at}.name`, message: `Invalid value: "${name}": ${LABEL_HINT}` });
      if ((textAt(container, 'image') ?? '') === '') faults.push({ field: `${at}.image`, message: 'Required value' });
      for (const [mount, one] of listAt(container, 'volumeMounts').entries()) {
        const volume = textAt(one, 'name') ?? '';
        if (volumes.includes(volume)) continue;
        faults.push({ field: `${at}.volumeMounts[${mount}].name`, message: `Not found: "${volume}"` });
      }
      for (const [port, one] of listAt(container, 'ports').entries()) {
        faults.push(...portFaults(`${at}.ports[${port}]`, one));
      }
      return faults;
    }),
  );
}

function portFaults(at: string, port: Json): readonly Fault[] {
  return ['containerPort', 'hostPort'].flatMap((name) => {
    const value = valueAt(port, name);
    if (value === undefined && name === 'hostPort') return [];
    if (value === undefined) return [{ field: `${at}.${name}`, message: 'Required value' }];
    if (Number.isInteger(value) && Number(value) >= 1 && Number(value) <= 65_535) return [];
    const message = `Invalid value: ${JSON.stringify(value)}: must be between 1 and 65535, inclusive`;
    return [{ field: `${at}.${name}`, message }];
  });
}

function plainFaults(kind: ApiKind, object: JsonObject): readonly Fault[] {
  if (kind.custom) return [];
  if (kind.kind === 'Service' && textAt(object, 'spec', 'type') !== 'ExternalName') {
    return listAt(object, 'spec', 'ports').length === 0 && textAt(object, 'spec', 'clusterIP') !== 'None'
      ? [{ field: 'spec.ports', message: 'Required value' }]
      : [];
  }
  if (kind.kind === 'Secret') {
    const wrong = Object.entries(objectAt(object, 'data')).find(
      ([, value]) => typeof value === 'string' && !/^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(value),
    );
    // What is no base64 never gets as far as validation.
    if (wrong !== undefined) {
      throw new ApiError(
        400,
        'BadRequest',
        `Secret in version "v1" cannot be handled as a Secret: illegal base64 data`,
      );
    }
  }
  if (kind.kind.endsWith('RoleBinding') && valueAt(object, 'roleRef', 'name') === undefined) {
    return [{ field: 'roleRef.name', message: 'Required value' }];
  }
  return [];
}

function changeFaults(kind: ApiKind, object: JsonObject, live: JsonObject): readonly Fault[] {
  const isSame = (...path: readonly string[]) => isDeepStrictEqual(valueAt(object, ...path), valueAt(live, ...path));
  const immutable = (field: string): Fault => ({ field, message: 'Invalid value: field is immutable' });
  if (kind.kind === 'Job') return isSame('spec', 'template') ? [] : [immutable('spec.template')];
  if (kind.kind === 'StatefulSet') {
    const allowed = [
      'replicas',
      'template',
      'updateStrategy',
      'minReadySeconds',
      'persistentVolumeClaimRetentionPolicy',
    ];
    const rest = (one: JsonObject) =>
      Object.fromEntries(Object.entries(objectAt(one, 'spec')).filter(([key]) => !allowed.includes(key)));
    if (isDeepStrictEqual(rest(object), rest(live))) return [];
    const message =
      "Forbidden: updates to statefulset spec for fields other than 'replicas', 'template', and 'updateStrategy' are forbidden";
    return [{ field: 'spec', message }];
  }
  if (kind.kind === 'Deployment' || kind.kind === 'DaemonSet') {
    return isSame('spec', 'selector') ? [] : [immutable('spec.selector')];
  }
  if (kind.kind.endsWith('RoleBinding') && !isSame('roleRef')) {
    return [{ field: 'roleRef', message: 'Invalid value: cannot change roleRef' }];
  }
  return [];
}

function objectTexts(value: Json, ...path: readonly string[]): Readonly<Record<string, string>> {
  const entries = Object.entries(objectAt(value, ...path));
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}
