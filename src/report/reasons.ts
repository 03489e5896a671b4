import type { OutputProblem } from '../model/local.js';
import type { PartChange, Reason } from '../model/plan.js';
import { oneLine } from './text.js';

const PARTS_SHOWN = 3;

/** A reason in a few words: `changed: file kubelet.yaml`. */
export function describeReason(reason: Reason): string {
  switch (reason.kind) {
    case 'never-applied':
      return 'never applied';
    case 'unfinished':
      return 'not finished last time';
    case 'forced':
      return 'forced';
    case 'changed':
      return describeParts(reason.parts);
    case 'unhealthy':
      return `not well: ${oneLine(reason.problem)}`;
    case 'no-inputs':
      return 'always runs: it declares no inputs';
    case 'asked':
      return reason.what;
    case 'outputs':
      return describeOutputs(reason.outputs);
    case 'need-stale':
      return `needs ${reason.target}`;
    case 'not-asked':
      return `not asked while ${reason.through} is not fresh`;
    case 'unreachable':
      return oneLine(reason.problem);
  }
}

/** All reasons on one line; those that name only other targets are gathered. */
export function describeReasons(reasons: readonly Reason[]): string {
  const needs = reasons.flatMap((reason) => (reason.kind === 'need-stale' ? [reason.target] : []));
  const others = reasons.filter((reason) => reason.kind !== 'need-stale').map(describeReason);
  return [...others, ...(needs.length === 0 ? [] : [`needs ${shorten(needs)}`])].join('; ');
}

function describeOutputs(outputs: readonly OutputProblem[]): string {
  const words = {
    missing: 'missing',
    changed: 'changed by hand',
    mode: 'mode changed',
    added: 'added by hand',
  } as const;
  const problems = ['missing', 'changed', 'mode', 'added'] as const;
  return problems
    .map((problem) => ({ problem, paths: outputs.filter((one) => one.problem === problem).map(({ path }) => path) }))
    .filter(({ paths }) => paths.length > 0)
    .map(({ problem, paths }) => `output ${words[problem]}: ${shorten(paths)}`)
    .join('; ');
}

function describeParts(parts: readonly PartChange[]): string {
  const kinds = ['changed', 'added', 'removed'] as const;
  const lists = kinds.map((kind) => ({
    kind,
    names: parts.filter((part) => part.change === kind).map(({ name }) => name),
  }));
  return lists
    .filter(({ names }) => names.length > 0)
    .map(({ kind, names }) => `${kind}: ${shorten(names)}`)
    .join('; ');
}

function shorten(names: readonly string[]): string {
  const shown = names.slice(0, PARTS_SHOWN).join(', ');
  return names.length > PARTS_SHOWN ? `${shown} and ${names.length - PARTS_SHOWN} more` : shown;
}
