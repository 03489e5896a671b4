import { buildGraph, type Graph } from '../../../src/graph/graph.js';
import type { Drivers } from '../../../src/model/drivers.js';
import { PaiError } from '../../../src/model/errors.js';
import type { RunEvent } from '../../../src/model/events.js';
import type { Json } from '../../../src/model/json.js';
import type { Observation, Stamp } from '../../../src/model/stamp.js';
import type { Action, ActionContext, ApplyContext, Declaration, Desired, Target } from '../../../src/model/target.js';
import type { Clock } from '../../../src/run/clock.js';

/** A target of a fake world: what it is made from, and how it misbehaves. */
export interface FakeThing {
  /** Enters the fingerprint. */
  input: Json;
  secret?: boolean;
  /** What dependents see; by default it follows the fingerprint. */
  output?: string;
  /** How many of the next applies fail before they do anything, and with what. */
  failures?: { times: number; error: Error };
  /** How many of the next applies crash between removing the stamp and writing it. */
  crashes?: number;
  unreachable?: Error;
  problem?: string;
  /** Thrown by desired(). */
  broken?: Error;
  /** Told by missing(). */
  missing?: PaiError;
  /** Runs while it is applied. */
  during?: (context: ApplyContext) => Promise<void> | void;
  cleanFails?: boolean;
  /** Data that a clean leaves. */
  keeps?: readonly string[];
}

/** A world of fake targets: stamps are kept in memory, and everything that is asked or done is written down. */
export class FakeWorld {
  readonly things = new Map<string, FakeThing>();
  readonly stamps = new Map<string, Stamp>();
  readonly present = new Set<string>();
  readonly observed: string[] = [];
  readonly applied: string[] = [];
  readonly finished: string[] = [];
  readonly cleaned: string[] = [];
  readonly deletedData: string[] = [];
  readonly key: { value: Uint8Array | undefined } = { value: new Uint8Array(32).fill(7) };

  thing(name: string): FakeThing {
    const thing = this.things.get(name) ?? { input: 'first' };
    this.things.set(name, thing);
    return thing;
  }

  forgetCalls(): void {
    const lists = [this.observed, this.applied, this.finished, this.cleaned, this.deletedData];
    for (const list of lists) list.length = 0;
  }

  action(pools: readonly string[] = [], name = ''): Action {
    const thing = () => this.thing(name);
    return {
      pools,
      get keeps() {
        return thing().keeps ?? [];
      },
      observe: (context) => this.#observe(context),
      desired: (context) => this.#desired(context),
      missing: async () => thing().missing,
      clean: async (context) => this.#clean(context),
    };
  }

  drivers(): Drivers {
    const key = this.key;
    const pki = { fingerprintKey: async () => key.value };
    // Fake actions use no driver, and the engine itself only asks pki for the key.
    return { pki } as unknown as Drivers;
  }

  async #observe({ target }: ActionContext): Promise<Observation> {
    this.observed.push(target);
    const thing = this.thing(target);
    if (thing.unreachable !== undefined) return { kind: 'unknown', error: thing.unreachable };
    const stamp = this.stamps.get(target);
    return {
      kind: 'known',
      present: this.present.has(target),
      ...(stamp && { stamp }),
      ...(thing.problem !== undefined && { problem: thing.problem }),
    };
  }

  async #desired({ target }: ActionContext): Promise<Desired> {
    const thing = this.thing(target);
    if (thing.broken !== undefined) throw thing.broken;
    const part = { name: 'input', value: thing.input, ...(thing.secret && { secret: true }) };
    return { parts: [part], apply: (context) => this.#apply(context) };
  }

  async #apply(context: ApplyContext): Promise<Stamp> {
    const { target } = context;
    const thing = this.thing(target);
    this.applied.push(target);
    if (thing.failures !== undefined && thing.failures.times > 0) {
      thing.failures.times--;
      throw thing.failures.error;
    }
    this.stamps.delete(target);
    this.present.add(target);
    await Promise.resolve();
    await thing.during?.(context);
    if (thing.crashes !== undefined && thing.crashes > 0) {
      thing.crashes--;
      throw new Error('crashed before the stamp was written');
    }
    delete thing.problem;
    const stamp = context.stamp(thing.output);
    this.stamps.set(target, stamp);
    this.finished.push(target);
    return stamp;
  }

  #clean({ target, deleteData }: ActionContext): void {
    this.cleaned.push(target);
    if (deleteData === true) this.deletedData.push(target);
    if (this.thing(target).cleanFails) throw new PaiError('HOST_SCRIPT', 'will not go');
    this.present.delete(target);
    this.stamps.delete(target);
  }
}

/** How a fake target is declared; `needs` are names, `>name` is order-only. */
export interface FakeDeclared {
  readonly needs?: readonly string[];
  readonly through?: readonly string[];
  readonly rolling?: boolean | 'batches';
  readonly groups?: readonly string[];
  readonly pools?: readonly string[];
  readonly timeoutSeconds?: number;
}

/** A target of the world. */
export function fakeTarget(world: FakeWorld, name: string, declared: FakeDeclared = {}): Target {
  return {
    name,
    description: '',
    groups: declared.groups ?? [],
    needs: (declared.needs ?? []).map((need) => ({ target: need.replace('>', ''), order: need.startsWith('>') })),
    through: declared.through ?? [],
    rolling: declared.rolling ?? false,
    timeoutSeconds: declared.timeoutSeconds ?? 60,
    retries: 0,
    pools: [],
    interactive: false,
    manual: false,
    action: world.action(declared.pools, name),
  };
}

/** A graph of the world's targets, groups made from what the targets say. */
export function fakeGraph(world: FakeWorld, declared: Record<string, FakeDeclared>): Graph {
  return buildGraph(fakeDeclaration(world, declared));
}

/** The same, not yet checked. */
export function fakeDeclaration(world: FakeWorld, declared: Record<string, FakeDeclared>): Declaration {
  const targets = Object.entries(declared).map(([name, options]) => fakeTarget(world, name, options));
  const groups = new Map<string, string[]>();
  for (const target of targets) {
    for (const group of target.groups) groups.set(group, [...(groups.get(group) ?? []), target.name]);
  }
  return { targets, groups: Array.from(groups, ([name, members]) => ({ name, members, description: '' })) };
}

/** Time that passes only when it is told to; short sleeps (backoff) pass at once and are written down. */
export class FakeClock implements Clock {
  readonly slept: number[] = [];
  #now = 1_000_000;
  #timers: { at: number; ring: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  async sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    if (milliseconds < 5000) {
      this.slept.push(milliseconds);
      this.#now += milliseconds;
      return;
    }
    await new Promise<void>((resolve) => {
      this.after(milliseconds, resolve);
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
  }

  after(milliseconds: number, ring: () => void): () => void {
    const timer = { at: this.#now + milliseconds, ring };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  /** How many timers have neither rung nor been stopped. */
  get pending(): number {
    return this.#timers.length;
  }

  advance(milliseconds: number): void {
    this.#now += milliseconds;
    const due = this.#timers.filter((timer) => timer.at <= this.#now);
    this.#timers = this.#timers.filter((timer) => timer.at > this.#now);
    for (const timer of due) timer.ring();
  }
}

/** Events of one kind. */
export function eventsOf<Type extends RunEvent['type']>(
  events: readonly RunEvent[],
  type: Type,
): Extract<RunEvent, { type: Type }>[] {
  return events.filter((event): event is Extract<RunEvent, { type: Type }> => event.type === type);
}
