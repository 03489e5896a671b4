import { setFlagsFromString } from 'node:v8';

/** Targets from which on a plan alone is work enough. */
const LARGE = 3000;
/** Major versions of V8 that know the flags below; Node 20 has 11, 22 has 12 and 24 has 13. One that does not would say so. */
const NEWEST = 13;

/**
 * Lets V8 optimize what runs often. bin/pai.js forbids it at the start: most calls are over before optimized code has paid for
 * its compilation, which takes a fifth of the processor time of a run that finds nothing to do among 1,000 targets.
 */
export function allowOptimizer(): void {
  setFlagsFromString('--opt');
}

/** The same, when the project is large. */
export function allowOptimizerFor(targets: number): void {
  if (targets >= LARGE) allowOptimizer();
}

/** Tells V8 that from here on commands are run. */
export function settleForCommands(): void {
  for (const flag of flagsForCommands(process.versions.v8)) setFlagsFromString(flag);
}

/**
 * Flags for the time in which commands run. Starting one copies the page tables of all memory that this process has touched, so
 * young objects get no more room. And what pai itself does for each is short: V8 11 compiled for a tenth of all processor time of
 * a run of 1,000 small commands, so there a function has to run 30 times as long before it is optimized (later ones wait by themselves).
 */
export function flagsForCommands(v8: string): readonly string[] {
  const major = Number.parseInt(v8, 10);
  return [
    '--opt',
    ...(major <= NEWEST ? ['--semi-space-growth-factor=1'] : []),
    ...(major <= 11 ? ['--interrupt-budget=2000000'] : []),
  ];
}
