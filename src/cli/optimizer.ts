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

/**
 * What a phase of commands needs of V8, when what is stale is known. Starting one copies the tables of all memory that this process
 * has touched, so young objects get no more room from here on; and what pai itself does for each is short, so that only what runs
 * ten times as often as usual is optimized: compiling on another thread took a tenth of all processor time.
 */
export function settleForCommands(): void {
  allowOptimizer();
  setFlagsFromString('--interrupt-budget=2000000');
  setFlagsFromString('--semi-space-growth-factor=1');
}
