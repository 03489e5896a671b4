import type { Target } from './nodes.js';
import type { Scope } from './scope.js';

/** Where statements stand. */
export interface Frame {
  readonly scope: Scope;
  /** The JavaScript variable that their text is added to. */
  readonly out: string;
  /** Whether what they set is seen by blocks, includes and imports: not in loops, blocks or macros. */
  readonly top: boolean;
  /** Not even inside of `if`: what comes after `extends` here is never printed. */
  readonly always: boolean;
  /** Whether an `extends` before them keeps them from being printed. */
  readonly extended: boolean;
}

/** The frame of a scope inside of it. */
export function innerFrame(frame: Frame, scope: Scope): Frame {
  return { ...frame, scope, top: false, always: false };
}

/** Names that a target sets. */
export function namesOf(target: Target): string[] {
  if (target.kind === 'targets') return target.items.flatMap(namesOf);
  return target.kind === 'name' ? [target.name] : [];
}

/** Variables of names that a loop or `with` sets. */
export function parameterVariables(target: Target, scope: Scope): string[] {
  return [...new Set(namesOf(target))].map((name) => scope.variable(name));
}
