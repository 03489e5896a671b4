import type { Drivers, PayloadFile } from './drivers.js';
import type { PaiError } from './errors.js';
import type { Json } from './json.js';
import type { LocalWork } from './local.js';
import type { Operation } from './operation.js';
import type { Observation, Stamp } from './stamp.js';

/** One named thing that a fingerprint covers. */
export interface FingerprintPart {
  /** Names the input for people: `file /etc/kubernetes/manifests/etcd.yaml`, `needs pki`, `labels`. Unique in a target. */
  readonly name: string;
  /**
   * What people are shown of it in diffs, where the value only stands for it (a checksum). Never enters the fingerprint. A
   * function gives the content on demand, at once, or undefined when it is larger than so many bytes or no longer what was
   * fingerprinted. `false`: nothing of it is kept or shown, not even the value, only whether it changed; of a secret nothing ever is.
   */
  readonly shown?: string | Uint8Array | ((largest: number) => string | Uint8Array | undefined) | false;
  readonly value: Json | Uint8Array;
  /** Secret values enter as HMAC under the cluster's key, so that a stamp gives nothing away. */
  readonly secret?: boolean;
  /** `value` is a hex SHA-256 already and stands for itself. */
  readonly digested?: boolean;
}

/** What a run may do although something speaks against it, where people say so. */
export const ALLOWANCES = ['unhealthy', 'downgrade'] as const;
export type Allowance = (typeof ALLOWANCES)[number];

/** What every function of an action is given. */
export interface ActionContext {
  readonly target: string;
  readonly drivers: Drivers;
  /** Output digests of what the target needs (not of what it only comes `after`), by target name. */
  readonly outputs: ReadonlyMap<string, string>;
  /** One line of progress; goes to the screen and to the target's log. Never give it a secret. */
  readonly log: (line: string) => void;
  /** Aborted on a second interrupt or a time-out. */
  readonly signal: AbortSignal;
  /** The target is interactive: its command is given the terminal, which it has for itself meanwhile. */
  readonly terminal?: true;
  /** Of `clean`: the data that it else keeps goes for good. */
  readonly deleteData?: true;
  /** Of `clean`: what is kept elsewhere for others to use goes too: images in their registry. */
  readonly remote?: true;
  /** Of `clean`: the machine has left the cluster. What only the cluster could go on with goes, as the data of a member that was taken out. */
  readonly hasLeft?: true;
}

/** What a quick look is given. */
export type PeekContext = Pick<ActionContext, 'target' | 'drivers' | 'outputs'>;

/** What `apply` is given besides. */
export interface ApplyContext extends ActionContext {
  /** The stamp to write, last, once the probe is content. `output` is what dependents see. */
  stamp(output?: string): Stamp;
  /** Says that it did not run: what was made earlier was put back. Absent when it has to run. */
  readonly restored?: () => void;
}

/** What a target should be, computed from configuration and templates, and the way to make it so. */
export interface Desired {
  readonly parts: readonly FingerprintPart[];
  /**
   * Makes it so and writes the stamp where the thing lives: remove the stamp, act, probe, write the stamp.
   * May be run again after a crash at any point. Returns the stamp that it wrote.
   */
  apply(context: ApplyContext): Promise<Stamp>;
  /** Called when the target was found fresh although `peek` could not tell: what was looked at may be remembered. */
  confirm?(): void;
  /** `apply` itself looks whether the inputs changed while it ran. */
  readonly checksInputs?: boolean;
}

/**
 * What an action occupies while it runs: a pool's name (one unit), or a pool with a weight (units, a whole number from 1).
 * A weight above the pool's limit takes the whole pool.
 */
export type PoolUse = string | { readonly pool: string; readonly weight: number };

/** What a target was before it became what it is, or before a try that did not come to a good end. */
export interface Previous {
  /** Which state that is, in a few words: `revision 3, of run 20261128-1`. */
  readonly what: string;
  /** What going back to it does: a line each. */
  readonly changes: readonly string[];
  /** Goes back to it. May be run again after a crash at any point. */
  restore(context: ActionContext): Promise<void>;
}

/** What a target does. Tasks build these on a driver; run/ executes them and knows nothing of hosts or images. */
export interface Action {
  /** What it occupies while it runs: `host:h1` (one at a time), `ssh`, `docker`, `kubernetes`, `cpu`. */
  readonly pools: readonly PoolUse[];
  /** It does not say what it depends on, so it is never fresh. */
  readonly always?: boolean;
  /** It is a step of what somebody asked for, done whenever it is asked: a few words of what it does. */
  readonly asked?: string;
  /** The task, when it is work on files of the project. */
  readonly local?: LocalWork;
  /** Asked before `peek`, all targets together: versions of tools. Does not reject. */
  prepare?(context: ActionContext): Promise<void>;
  /**
   * A quick look: the stamp, when what is there and what should be are as they were when it was written; undefined when only
   * `observe` and `desired` can tell. Asks no host and reads no content.
   */
  peek?(context: PeekContext): Stamp | undefined;
  /** Looks at what is really there. Cheap; drivers gather looks made in the same turn into one request. */
  observe(context: ActionContext): Promise<Observation>;
  /** Computes the desired state. Pure but for reading input files; called again when an output below changed. */
  desired(context: ActionContext): Promise<Desired>;
  /**
   * Whether it lacks something that it is made from, as far as that can be told while what it needs is not there yet: `desired` would fail with that.
   * Cheap; does not reject. Absent for what is made from templates and configuration only.
   */
  missing?(context: ActionContext): Promise<PaiError | undefined>;
  /**
   * Called for a target that was applied once and is about to be changed, before a run does anything: rejects with a PaiError when
   * something speaks against that. `allow` has what people said that it may be done all the same.
   */
  check?(context: ActionContext, allow: ReadonlySet<Allowance>): Promise<void>;
  /** Takes it down, stamp last. May be run again. */
  clean(context: ActionContext): Promise<void>;
  /** What it was before; undefined when nothing of that is kept. Absent for what can't go back. Changes nothing. */
  previous?(context: ActionContext): Promise<Previous | undefined>;
  /** Data that `clean` leaves where it is unless it is told to delete it: paths, for people. */
  readonly keeps?: readonly string[];
  /**
   * The files that it gives to whom it is for, by their paths there, for people to read. Pure: of the configuration and templates only.
   * What is made only when it is applied (certificates) is not among them.
   */
  files?(context: ActionContext): Promise<readonly PayloadFile[]>;
}

/** An edge of the graph. */
export interface Need {
  readonly target: string;
  /** True for `after`: comes first, but does not enter the fingerprint. */
  readonly order: boolean;
}

/** A named node of the graph. */
export interface Target {
  readonly name: string;
  readonly description: string;
  readonly groups: readonly string[];
  readonly needs: readonly Need[];
  /**
   * Targets through which this one is looked at (services through masters). While one of them is not fresh, this one is
   * not asked. They are order-only needs too.
   */
  readonly through: readonly string[];
  /**
   * True: all together while none of its group was ever applied, later one at a time; each member can do the work of the others. `batches`: those
   * that do their work go in batches, after those that do not; what was never applied goes when it can.
   */
  readonly rolling: boolean | 'batches';
  /** Seconds after which its action is cancelled. */
  readonly timeoutSeconds: number;
  /** How often its action is tried again after any failure; errors that are retryable by themselves are tried again anyway. */
  readonly retries: number;
  /** Occupied besides what the action itself names. */
  readonly pools: readonly PoolUse[];
  /** A question that somebody has to answer with yes before it runs or is cleaned. */
  readonly confirm?: string;
  /** Its action talks to the person at the terminal: it runs alone there. */
  readonly interactive: boolean;
  /** Only who names it, its group or what needs it means it: `*` and "all targets" do not. */
  readonly manual: boolean;
  /** Where it is declared, `file:line:column`; told only when something is wrong with the declarations. */
  readonly where?: string;
  readonly action: Action;
}

/** What a paifile declares. Groups are in order of declaration; members are target names. */
export interface Declaration {
  readonly targets: readonly Target[];
  readonly groups: readonly Group[];
  readonly operations?: readonly Operation[];
}

/** A name for several targets. */
export interface Group {
  readonly name: string;
  readonly description: string;
  readonly members: readonly string[];
}
