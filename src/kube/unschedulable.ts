import type { Json, JsonObject } from '../model/json.js';
import { listAt, objectAt, textAt, textsAt } from '../model/json-path.js';
import { isReady } from './nodes.js';
import { bytesText, parseQuantity } from './quantity.js';

/** Nodes that share a reason are told on one line, and no more than so many by name. */
const MOST_NAMES = 5;
const MOST_LINES = 8;

/**
 * Why no node takes a pod: the label that is missing, the taint that is not tolerated, the resource of which too little is free. The scheduler says
 * only how many nodes lack something. A line for each reason, with its nodes.
 * @param pods all pods of the cluster: what they ask for is not free
 */
export function whyUnschedulable(
  pod: JsonObject,
  nodes: readonly JsonObject[],
  pods: readonly JsonObject[],
): readonly string[] {
  const own = nodeOfDaemon(pod);
  const asked = nodes.filter((node) => own === undefined || nameOf(node) === own);
  const byReason = new Map<string, string[]>();
  for (const node of asked) {
    const reasons = reasonsOf(pod, node, pods);
    const reason = reasons.length === 0 ? 'nothing of this is missing' : reasons.join('; ');
    byReason.set(reason, [...(byReason.get(reason) ?? []), nameOf(node)]);
  }
  const lines = [...byReason].map(([reason, names]) => `${nodesText(names)}: ${reason}`);
  const more = lines.length - MOST_LINES;
  return more > 0 ? [...lines.slice(0, MOST_LINES), `and ${more} more reasons`] : lines;
}

function nameOf(object: JsonObject): string {
  return textAt(object, 'metadata', 'name') ?? '';
}

function nodesText(names: readonly string[]): string {
  const more = names.length - MOST_NAMES;
  const shown = names.slice(0, MOST_NAMES).join(', ');
  return `${names.length === 1 ? 'node' : 'nodes'} ${shown}${more > 0 ? ` and ${more} more` : ''}`;
}

function reasonsOf(pod: JsonObject, node: JsonObject, pods: readonly JsonObject[]): readonly string[] {
  return [...conditionOf(node), ...missingLabels(pod, node), ...badTaints(pod, node), ...shortOf(pod, node, pods)];
}

function conditionOf(node: JsonObject): readonly string[] {
  if (!isReady(node)) return ['is not Ready'];
  return objectAt(node, 'spec').unschedulable === true ? ['takes no new pods (cordoned)'] : [];
}

function missingLabels(pod: JsonObject, node: JsonObject): readonly string[] {
  const labels = textsAt(node, 'metadata', 'labels');
  const selected = Object.entries(textsAt(pod, 'spec', 'nodeSelector'))
    .filter(([key, value]) => labels[key] !== value)
    .map(([key, value]) => lacking(`${key}=${value}`, labels[key]));
  const terms = termsOf(pod);
  // Any of the terms is enough; without a match those of the first are told.
  const failing = terms.map((term) => listAt(term, 'matchExpressions').filter((one) => !matches(one, labels)));
  const unmatched = failing.some((left) => left.length === 0) ? [] : (failing[0] ?? []);
  return [...selected, ...unmatched.map((one) => lacking(expressionText(one), labels[textAt(one, 'key') ?? '']))];
}

function lacking(wanted: string, there: string | undefined): string {
  return `lacks the label ${wanted}${there === undefined ? '' : ` (it is ${there === '' ? 'empty' : there})`}`;
}

function termsOf(pod: JsonObject): readonly Json[] {
  const required = 'requiredDuringSchedulingIgnoredDuringExecution';
  return listAt(pod, 'spec', 'affinity', 'nodeAffinity', required, 'nodeSelectorTerms');
}

/** The node that a pod of a DaemonSet is for. */
function nodeOfDaemon(pod: JsonObject): string | undefined {
  const fields = listAt(termsOf(pod)[0], 'matchFields');
  const [name] = fields.flatMap((one) => (textAt(one, 'key') === 'metadata.name' ? listAt(one, 'values') : []));
  return typeof name === 'string' ? name : undefined;
}

function matches(expression: Json, labels: Readonly<Record<string, string>>): boolean {
  const value = labels[textAt(expression, 'key') ?? ''];
  const values = listAt(expression, 'values');
  switch (textAt(expression, 'operator')) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    case 'Gt':
      return Number(value) > Number(values[0]);
    case 'Lt':
      return Number(value) < Number(values[0]);
    default:
      return true;
  }
}

function expressionText(expression: Json): string {
  const values = listAt(expression, 'values').map(String);
  const operator = textAt(expression, 'operator') ?? '';
  const key = textAt(expression, 'key') ?? '';
  return operator === 'In' && values.length === 1
    ? `${key}=${values[0]}`
    : `${key} ${operator} ${values.join(', ')}`.trim();
}

/** Taints that keep pods off; those that Kubernetes itself sets for a node that is not well are told by its condition. */
function badTaints(pod: JsonObject, node: JsonObject): readonly string[] {
  const tolerations = listAt(pod, 'spec', 'tolerations');
  return listAt(node, 'spec', 'taints')
    .filter((taint) => ['NoSchedule', 'NoExecute'].includes(textAt(taint, 'effect') ?? ''))
    .filter((taint) => textAt(taint, 'key')?.startsWith('node.kubernetes.io/') !== true)
    .filter((taint) => !tolerations.some((toleration) => tolerates(toleration, taint)))
    .map((taint) => `has the taint ${taintText(taint)}, which the pod does not tolerate`);
}

/** https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/ */
function tolerates(toleration: Json, taint: Json): boolean {
  const [key, effect, operator] = ['key', 'effect', 'operator'].map((field) => textAt(toleration, field) ?? '');
  if (effect !== '' && effect !== textAt(taint, 'effect')) return false;
  if (key === '' && operator === 'Exists') return true;
  if (key !== textAt(taint, 'key')) return false;
  return operator === 'Exists' || (textAt(toleration, 'value') ?? '') === (textAt(taint, 'value') ?? '');
}

function taintText(taint: Json): string {
  const value = textAt(taint, 'value') ?? '';
  return `${textAt(taint, 'key')}${value === '' ? '' : `=${value}`}:${textAt(taint, 'effect')}`;
}

/** Resources of which a node has less free than the pod asks for; and room for one more pod. */
function shortOf(pod: JsonObject, node: JsonObject, pods: readonly JsonObject[]): readonly string[] {
  const allocatable = textsAt(node, 'status', 'allocatable');
  const name = nameOf(node);
  const there = pods.filter((one) => {
    const phase = textAt(one, 'status', 'phase');
    return textAt(one, 'spec', 'nodeName') === name && phase !== 'Succeeded' && phase !== 'Failed';
  });
  const most = parseQuantity(allocatable.pods ?? '');
  const full = most !== undefined && there.length >= most ? [`runs ${there.length} pods, the most that it may`] : [];
  const short = [...requestsOf(pod)].flatMap(([resource, wanted]) => {
    const used = there.reduce((sum, one) => sum + (requestsOf(one).get(resource) ?? 0), 0);
    const free = Math.max((parseQuantity(allocatable[resource] ?? '0') ?? 0) - used, 0);
    if (wanted <= free) return [];
    return [`has ${amount(resource, free)} ${resource} free, and the pod asks for ${amount(resource, wanted)}`];
  });
  return [...full, ...short];
}

/** What a pod asks for: of init containers, which run one after another, the most counts. */
function requestsOf(pod: JsonObject): ReadonlyMap<string, number> {
  const sums = new Map<string, number>();
  for (const container of listAt(pod, 'spec', 'containers')) {
    for (const [resource, wanted] of requestsOfContainer(container))
      sums.set(resource, (sums.get(resource) ?? 0) + wanted);
  }
  for (const container of listAt(pod, 'spec', 'initContainers')) {
    for (const [resource, wanted] of requestsOfContainer(container)) {
      sums.set(resource, Math.max(sums.get(resource) ?? 0, wanted));
    }
  }
  return sums;
}

function requestsOfContainer(container: Json): readonly (readonly [string, number])[] {
  const requests = objectAt(container, 'resources', 'requests');
  return Object.entries(requests).map(([resource, quantity]) => {
    const wanted = typeof quantity === 'number' ? quantity : parseQuantity(String(quantity));
    return [resource, wanted ?? 0] as const;
  });
}

function amount(resource: string, quantity: number): string {
  const isBytes = resource === 'memory' || resource.endsWith('storage') || resource.startsWith('hugepages-');
  return isBytes ? bytesText(quantity) : String(Math.round(quantity * 1000) / 1000);
}
