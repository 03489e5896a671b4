import { PaiError } from '../model/errors.js';
import type { Operation } from '../model/operation.js';
import { didYouMean } from '../model/suggest.js';
import type { Declaration, Group, Need, Target } from '../model/target.js';
import { sortTopologically } from './order.js';

/** A declaration that holds together: every name is there once, and nothing needs itself. */
export interface Graph {
  /** By name, in order of declaration. */
  readonly targets: ReadonlyMap<string, Target>;
  readonly groups: ReadonlyMap<string, Group>;
  /** By name. */
  readonly operations: ReadonlyMap<string, Operation>;
  /** What each target needs, once each; what it is looked at `through` is in it as an order-only need. */
  readonly needs: ReadonlyMap<string, readonly Need[]>;
  /** Who needs each target, in any way. */
  readonly dependents: ReadonlyMap<string, readonly string[]>;
  /** All names, needs first, else in order of declaration. */
  readonly order: readonly string[];
}

/**
 * Checks a declaration and links it.
 * Throws one PaiError that tells all problems: CYCLE when there are only cycles, else PAIFILE_INVALID.
 */
export function buildGraph(declaration: Declaration): Graph {
  const { graph, problems } = linkGraph(declaration);
  if (problems.length > 0) throw invalid(problems);
  return graph;
}

/** Something that does not fit together. */
export interface GraphProblem {
  readonly message: string;
  /** Where the target in question is declared. */
  readonly where?: string;
  readonly cycle: boolean;
}

/** Links a declaration and tells what does not fit together; with problems, the graph means nothing. */
export function linkGraph(declaration: Declaration): { readonly graph: Graph; readonly problems: GraphProblem[] } {
  const problems: GraphProblem[] = [];
  const targets = new Map<string, Target>();
  for (const target of declaration.targets) {
    if (targets.has(target.name)) problems.push(problem(`target ${target.name} is declared twice`, target));
    else targets.set(target.name, target);
  }
  const groups = collectGroups(declaration.groups, targets, problems);
  const needs = linkNeeds(targets, groups, problems);
  const { order, cycles } = sortTopologically(needs);
  let dependents: ReadonlyMap<string, readonly string[]> | undefined;
  for (const members of cycles) problems.push(cycleProblem(targets, members));
  const graph: Graph = {
    targets,
    groups,
    operations: new Map((declaration.operations ?? []).map((operation) => [operation.name, operation])),
    needs,
    order,
    // A run with nothing to do never asks.
    get dependents() {
      dependents ??= invert(needs);
      return dependents;
    },
  };
  return { graph, problems };
}

/** The target of this name. Throws when there is none: names that people give go through `select`. */
export function targetOf(graph: Graph, name: string): Target {
  const target = graph.targets.get(name);
  if (target === undefined) throw new Error(`no target ${name} in the graph`);
  return target;
}

/** What a target needs, `through` included. */
export function needsOf(graph: Graph, name: string): readonly Need[] {
  return graph.needs.get(name) ?? [];
}

function collectGroups(
  declared: readonly Group[],
  targets: ReadonlyMap<string, Target>,
  problems: GraphProblem[],
): Map<string, Group> {
  const groups = new Map<string, Group>();
  for (const group of declared) {
    if (groups.has(group.name)) problems.push(problem(`group ${group.name} is declared twice`));
    else groups.set(group.name, group);
    if (targets.has(group.name))
      problems.push(problem(`${group.name} is the name of a target and of a group`, targets.get(group.name)));
    for (const member of group.members) {
      if (!targets.has(member)) {
        problems.push(
          problem(`group ${group.name} has the member ${member}, which is no target${hint(member, targets.keys())}`),
        );
      }
    }
  }
  return groups;
}

function linkNeeds(
  targets: ReadonlyMap<string, Target>,
  groups: ReadonlyMap<string, Group>,
  problems: GraphProblem[],
): Map<string, readonly Need[]> {
  const linked = new Map<string, readonly Need[]>();
  for (const target of targets.values()) {
    if (isLinked(target, targets)) {
      linked.set(target.name, target.needs);
      continue;
    }
    const needs = new Map<string, Need>();
    for (const need of [...target.needs, ...target.through.map((name) => ({ target: name, order: true }))]) {
      if (!targets.has(need.target))
        problems.push(problem(unknownNeed(target.name, need.target, targets, groups), target));
      // A need that is also only an order is a need: it enters the fingerprint.
      else if (needs.get(need.target)?.order !== false) needs.set(need.target, need);
    }
    linked.set(target.name, [...needs.values()]);
  }
  return linked;
}

/** Whether the needs are right as they are declared: all exist, each once. */
function isLinked({ needs, through }: Target, targets: ReadonlyMap<string, Target>): boolean {
  if (through.length > 0) return false;
  for (const [index, { target }] of needs.entries()) {
    if (!targets.has(target)) return false;
    for (let other = 0; other < index; other++) if (needs[other]?.target === target) return false;
  }
  return true;
}

function unknownNeed(
  name: string,
  need: string,
  targets: ReadonlyMap<string, Target>,
  groups: ReadonlyMap<string, Group>,
): string {
  if (groups.has(need)) return `${name} needs the group ${need} by name; only targets can be needed by name`;
  return `${name} needs ${need}, which is no target${hint(need, targets.keys())}`;
}

function hint(name: string, candidates: Iterable<string>): string {
  const meant = didYouMean(name, candidates);
  return meant === undefined ? '' : `; ${meant}`;
}

function invert(needs: ReadonlyMap<string, readonly Need[]>): Map<string, string[]> {
  const dependents = new Map<string, string[]>();
  for (const name of needs.keys()) dependents.set(name, []);
  for (const [name, list] of needs) for (const need of list) dependents.get(need.target)?.push(name);
  return dependents;
}

function problem(message: string, target?: Target): GraphProblem {
  return target?.where === undefined ? { message, cycle: false } : { message, where: target.where, cycle: false };
}

/** The whole cycle, with the places where its members are declared. */
function cycleProblem(targets: ReadonlyMap<string, Target>, members: readonly string[]): GraphProblem {
  const told = members.map((name) => {
    const where = targets.get(name)?.where;
    return where === undefined ? name : `${name} (${where})`;
  });
  const where = targets.get(members[0] ?? '')?.where;
  const message = `cycle: ${[...told, members[0]].join(' -> ')}`;
  return where === undefined ? { message, cycle: true } : { message, where, cycle: true };
}

function invalid(problems: readonly GraphProblem[]): PaiError {
  const all = problems.map(({ message }) => message);
  const onlyCycles = problems.every(({ cycle }) => cycle);
  const [first, ...rest] = all;
  const message = rest.length === 0 ? `the targets do not fit together: ${first}` : 'the targets do not fit together';
  return new PaiError(onlyCycles ? 'CYCLE' : 'PAIFILE_INVALID', message, {
    where: 'paifile.ts',
    next: onlyCycles ? 'Take one of the needs of the cycle away.' : 'Correct these names in the paifile.',
    details: rest.length === 0 ? [] : all,
  });
}
