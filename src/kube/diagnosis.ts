import type { Json, JsonObject } from '../model/json.js';
import { listAt, numberAt, objectAt, textAt } from '../model/json-path.js';
import { pause } from './client.js';
import type { ObjectId } from './identity.js';
import { idOf } from './identity.js';
import type { KubeObjects } from './objects.js';
import { podTrouble, type Trouble } from './pod-trouble.js';
import { isReady } from './rollout-status.js';

/** Pods that are told: the first in full, others in a line each, for all of it should fit on a screen. */
const MAX_PODS = 4;
const LOG_LINES = 10;
const MAX_EVENTS = 5;

/**
 * Lines about pods that are not ready: node and reason of each; of the first also the last lines of its container's output and its last events. Never
 * fails.
 */
export async function describePods(
  objects: KubeObjects,
  pods: readonly JsonObject[],
  signal: AbortSignal,
): Promise<readonly string[]> {
  const unready = pods.filter((pod) => !isReady(pod));
  const [first, ...others] = unready.slice(0, MAX_PODS);
  if (first === undefined) return [];
  const more = unready.length - MAX_PODS;
  return [
    ...(await describePod(objects, first, signal)),
    ...others.map((pod) => podLine(pod, podTrouble(pod))),
    ...(more > 0 ? [`${more} more ${more === 1 ? 'pod is' : 'pods are'} not ready`] : []),
  ];
}

async function describePod(objects: KubeObjects, pod: JsonObject, signal: AbortSignal): Promise<readonly string[]> {
  const id = podId(pod);
  if (id === undefined) return [];
  const trouble = podTrouble(pod);
  const [output, events] = await Promise.all([
    outputOf(objects, id, trouble?.container, signal),
    eventsOf(objects, id, signal).catch(() => []),
  ]);
  return [podLine(pod, trouble), ...output.map((line) => `  | ${line}`), ...events.map((event) => `  event ${event}`)];
}

function podId(pod: JsonObject): ObjectId | undefined {
  return idOf({ ...pod, apiVersion: 'v1', kind: 'Pod' });
}

/**
 * Which probe of a pod failed last, what it asks, and what it got: `readiness probe of container main (GET :8080/healthz) failed: HTTP probe failed with
 * statuscode: 500`. Undefined when none did. Never fails.
 */
export async function probeFailure(
  objects: KubeObjects,
  pod: JsonObject,
  signal: AbortSignal,
): Promise<string | undefined> {
  const id = podId(pod);
  const warnings = id === undefined ? [] : await warningsOf(objects, id, signal).catch(() => []);
  const event = warnings.findLast((one) => textAt(one, 'reason') === 'Unhealthy');
  const [, kind, message] =
    /^(Readiness|Liveness|Startup) probe (?:failed|errored): ([\s\S]*)/.exec(textAt(event, 'message') ?? '') ?? [];
  if (kind === undefined) return undefined;
  const [, name] = /\{(.+)\}$/.exec(textAt(event, 'involvedObject', 'fieldPath') ?? '') ?? [];
  const containers = listAt(pod, 'spec', 'containers');
  const container = containers.find((one) => textAt(one, 'name') === name) ?? containers[0];
  const asked = probeText(objectAt(container, `${kind.toLowerCase()}Probe`));
  const of = textAt(container, 'name') === undefined ? '' : ` of container ${textAt(container, 'name')}`;
  return `${kind.toLowerCase()} probe${of}${asked === undefined ? '' : ` (${asked})`} failed: ${(message ?? '').trim()}`;
}

/** What a probe asks. */
function probeText(probe: JsonObject): string | undefined {
  const { httpGet, tcpSocket, exec } = probe;
  if (httpGet !== undefined) return `GET :${String(objectAt(httpGet).port)}${textAt(httpGet, 'path') ?? '/'}`;
  if (tcpSocket !== undefined) return `TCP :${String(objectAt(tcpSocket).port)}`;
  return exec === undefined ? undefined : listAt(exec, 'command').map(String).join(' ').slice(0, 80);
}

/** One line about a pod: `pod pylon-1 on node 10.0.0.1: container nginx: ImagePullBackOff: ...`. */
export function podLine(pod: JsonObject, trouble: Trouble | undefined): string {
  const node = textAt(pod, 'spec', 'nodeName');
  const place = node === undefined ? 'on no node' : `on node ${node}`;
  const name = `pod ${textAt(pod, 'metadata', 'name') ?? ''} ${place}`;
  if (trouble === undefined) {
    const phase = textAt(pod, 'status', 'phase') ?? 'Pending';
    return `${name}: ${phase === 'Running' ? 'running, but not ready' : phase}`;
  }
  return `${name}: ${troubleText(trouble)}`;
}

function troubleText({ container, reason, message }: Trouble): string {
  const what = message.startsWith(reason) ? message : `${reason}: ${message}`;
  return container === undefined ? what : `container ${container}: ${what}`;
}

/** What kubelet answers, with status 200, when it removed the container between the question and the answer. */
const REMOVED_MEANWHILE = 'unable to retrieve container logs for ';
/** It keeps the newest dead container only, and the one that crashed last is there again after a moment. */
const LOG_TRIES = 4;
const LOG_PAUSE_MILLISECONDS = 500;

/** Last lines of a container: of the run that ended last, else of the one that goes on. */
async function outputOf(
  objects: KubeObjects,
  pod: ObjectId,
  container: string | undefined,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const log = (previous: boolean) =>
    objects.client.text({
      method: 'GET',
      path: `/api/v1/namespaces/${encodeURIComponent(pod.namespace ?? 'default')}/pods/${encodeURIComponent(pod.name)}/log`,
      query: {
        tailLines: String(LOG_LINES),
        ...(container === undefined ? {} : { container }),
        ...(previous ? { previous: 'true' } : {}),
      },
      accept: '*/*',
      what: `read the log of pod ${pod.name}`,
      signal,
    });
  try {
    let text = (await log(true)) ?? (await log(false)) ?? '';
    for (let tries = 1; text.startsWith(REMOVED_MEANWHILE); tries++) {
      if (tries === LOG_TRIES) return [];
      await pause(LOG_PAUSE_MILLISECONDS, signal);
      text = (await log(false)) ?? '';
    }
    return text
      .trimEnd()
      .split('\n')
      .filter((line) => line !== '');
  } catch {
    // A node that does not answer must not hide why the rollout failed.
    return [];
  }
}

/** Last warnings about an object: `FailedMount (5 times): configmap "x" not found`. */
export async function eventsOf(objects: KubeObjects, id: ObjectId, signal: AbortSignal): Promise<readonly string[]> {
  return (await warningsOf(objects, id, signal)).slice(-MAX_EVENTS).map(eventLine);
}

async function warningsOf(objects: KubeObjects, id: ObjectId, signal: AbortSignal): Promise<readonly JsonObject[]> {
  const fields = `involvedObject.kind=${id.kind},involvedObject.name=${id.name},type=Warning`;
  const selection = { fields, ...(id.namespace === undefined ? {} : { namespace: id.namespace }) };
  const events = await objects.list('v1', 'Event', selection, signal);
  return events.toSorted((a, b) => timeOf(a).localeCompare(timeOf(b)));
}

function timeOf(event: Json): string {
  return textAt(event, 'lastTimestamp') ?? textAt(event, 'eventTime') ?? '';
}

function eventLine(event: Json): string {
  const times = numberAt(event, 'count');
  return `${textAt(event, 'reason') ?? ''}${times > 1 ? ` (${times} times)` : ''}: ${(textAt(event, 'message') ?? '').trim()}`;
}
