import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** What one call costs. */
export interface Cost {
  /** Seconds. */
  readonly wall: number;
  /** Seconds of the processor, with all processes that it started and waited for. */
  readonly cpu: number;
  /** MiB, the peak of the largest process. */
  readonly memory: number;
}

export interface Call {
  readonly command: readonly string[];
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
}

export interface MeasureOptions {
  /** measure.py. */
  readonly wrapper: string;
  /** Where to put what the command says. */
  readonly log: string;
  /** Seconds after which it is ended. */
  readonly limit: number;
}

/** Runs a command once. Throws with the end of what it said when it fails. */
export function measure(call: Call, { wrapper, log, limit }: MeasureOptions): Cost {
  const result = spawnSync('python3', [wrapper, log, String(limit), ...call.command], {
    cwd: call.cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...call.env },
  });
  if (result.status !== 0) throw new Error(`measure.py ended with ${result.status}: ${result.error?.message ?? ''}`);
  const { code, ...cost }: Cost & { readonly code: number } = JSON.parse(result.stdout);
  if (code === -9) throw new Error(`took longer than ${limit} s`);
  if (code !== 0) throw new Error(`exit code ${code}: ${readFileSync(log, 'utf8').trim().slice(-1500)}`);
  return cost;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
