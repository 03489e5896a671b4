import type { LocalWork } from '../model/local.js';
import type { PatternSet } from './expand.js';
import { type Pattern, parsePattern } from './pattern.js';

/** What a task reads: its own outputs are taken away. */
export function inputPatterns(work: LocalWork): PatternSet {
  const inputs = work.inputs ?? [];
  const taken = inputs.filter((text) => text.startsWith('!')).map((text) => text.slice(1));
  return {
    take: parseAll(inputs.filter((text) => !text.startsWith('!'))),
    leave: parseAll([...taken, ...(work.outputs ?? [])]),
  };
}

const ofOutputs = new WeakMap<LocalWork, PatternSet>();

/** What a task makes. Wildcards of outputs reach everywhere. Taken apart once: a run of a task asks for it again and again. */
export function outputPatterns(work: LocalWork): PatternSet {
  const known = ofOutputs.get(work) ?? parseOutputs(work);
  ofOutputs.set(work, known);
  return known;
}

function parseOutputs(work: LocalWork): PatternSet {
  const take = parseAll(work.outputs ?? []).map((pattern) => ({ ...pattern, passedOver: new Set<string>() }));
  return { take, leave: [] };
}

function parseAll(texts: readonly string[]): Pattern[] {
  return texts.flatMap(parsePattern);
}
