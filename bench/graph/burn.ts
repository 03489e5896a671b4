import { type MeasureOptions, measure, median } from './measure.js';

/** Turns of the loop that is measured: about a second. */
const TURNS = 300_000;

const loop = (turns: number): string => `i=0; while [ $i -lt ${turns} ]; do i=$((i+1)); done`;

/** Shell text that takes about so many milliseconds of processor time in bash, and starts no process. Other shells are quicker with it. */
export function burnFor(milliseconds: number, how: MeasureOptions): string {
  const cost = (text: string): number =>
    median(Array.from({ length: 3 }, () => measure({ command: ['bash', '-c', text], cwd: '.' }, how).cpu));
  const seconds = cost(loop(TURNS)) - cost(':');
  return loop(Math.max(1, Math.round((TURNS * milliseconds) / 1000 / seconds)));
}
