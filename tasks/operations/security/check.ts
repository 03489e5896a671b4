import type { Facts, HostFacts, HostState, Tried } from './facts.js';
import { flag } from './facts.js';

/** Something that is not as the baseline wants it, or of which that can't be told. */
export interface Finding {
  /** Host name; `cluster` for what belongs to none. */
  readonly where: string;
  readonly seen: string;
  /** True: it could not be looked at. */
  readonly unknown?: true;
}

/** One point of the baseline. */
export interface Check {
  /** Stable: scripts may rely on it. */
  readonly id: string;
  /** Ids of the CIS Kubernetes Benchmark 1.12; none where it has no such point. */
  readonly cis: readonly string[];
  readonly what: string;
  /** What to do when it does not hold. */
  readonly cure: string;
  /** All that is wrong; empty when it holds. */
  findings(facts: Facts): readonly Finding[];
}

/** What brings back what pai itself sets. */
export const RUN_AGAIN = 'Run pai plan, then pai run kubernetes: it brings back what pai sets';

/** Asks of hosts what they say of themselves. */
export function ofHosts(
  facts: Facts,
  judge: (inside: HostFacts, state: HostState) => readonly string[],
  concerns: (state: HostState) => boolean = () => true,
): readonly Finding[] {
  return facts.hosts.filter(concerns).flatMap((state) => {
    const where = state.host.name;
    if ('unknown' in state.inside) return [{ where, seen: state.inside.unknown, unknown: true as const }];
    return judge(state.inside.was, state).map((seen) => ({ where, seen }));
  });
}

/** Whether a host is a master. */
export function isMaster({ host }: HostState): boolean {
  return host.role === 'master';
}

/** Asks of every running process of a component; a host where it should run and does not can't be judged. */
export function ofProcesses(
  facts: Facts,
  component: string,
  judge: (words: readonly string[]) => readonly string[],
): readonly Finding[] {
  const everywhere = component === 'kubelet' || component === 'kube-proxy';
  return facts.hosts
    .filter((state) => everywhere || isMaster(state))
    .flatMap((state) => {
      const where = state.host.name;
      if ('unknown' in state.inside) return [{ where, seen: state.inside.unknown, unknown: true as const }];
      const running = state.inside.was.processes.get(component) ?? [];
      if (running.length === 0) return [{ where, seen: `${component} does not run`, unknown: true as const }];
      return running.flatMap(judge).map((seen) => ({ where, seen: `${component} ${seen}` }));
    });
}

/** What a flag is, where it is not as wanted. */
export function wantFlag(name: string, wanted: string): (words: readonly string[]) => readonly string[] {
  return (words) => {
    const value = flag(words, name);
    return value === wanted ? [] : [told(name, value)];
  };
}

/** What a flag is, where it is given though it must not be. */
export function forbidFlag(...names: readonly string[]): (words: readonly string[]) => readonly string[] {
  return (words) => names.flatMap((name) => (flag(words, name) === undefined ? [] : [`has --${name}`]));
}

/** Flags that have to be there, whatever they say. */
export function needFlags(...names: readonly string[]): (words: readonly string[]) => readonly string[] {
  return (words) => names.flatMap((name) => (flag(words, name) === undefined ? [told(name, undefined)] : []));
}

/** A flag whose value is a number of at least so much. */
export function atLeast(name: string, least: number): (words: readonly string[]) => readonly string[] {
  return (words) => {
    const value = flag(words, name);
    return value !== undefined && Number(value) >= least ? [] : [told(name, value)];
  };
}

/** Items of a list that a flag has to have, and such that it must not have. */
export function wantItems(
  name: string,
  items: readonly string[],
  forbidden: readonly string[] = [],
): (words: readonly string[]) => readonly string[] {
  return (words) => {
    const value = flag(words, name);
    const list = value?.split(',') ?? [];
    const right = items.every((item) => list.includes(item)) && !forbidden.some((item) => list.includes(item));
    return right ? [] : [told(name, value)];
  };
}

/** Several looks at the same words. */
export function all(
  ...judges: readonly ((words: readonly string[]) => readonly string[])[]
): (words: readonly string[]) => readonly string[] {
  return (words) => judges.flatMap((judge) => judge(words));
}

function told(name: string, value: string | undefined): string {
  return value === undefined ? `has no --${name}` : `has --${name}=${value}`;
}

/** What was tried, where it did not come to what is wanted. */
export function ofTries<Result>(
  where: string,
  tried: Tried<Result> | undefined,
  judge: (result: Result) => string | undefined,
): readonly Finding[] {
  if (tried === undefined) return [{ where, seen: 'was not looked at', unknown: true }];
  if ('unknown' in tried) return [{ where, seen: tried.unknown, unknown: true }];
  const seen = judge(tried.was);
  return seen === undefined ? [] : [{ where, seen }];
}
