import { setFlagsFromString } from 'node:v8';

/** Targets from which on a plan alone is work enough. */
const LARGE = 3000;

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
