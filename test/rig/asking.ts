import { setTimeout as sleep } from 'node:timers/promises';
import type { RigCluster } from './cluster.js';

/** A request that failed. */
export interface FailedRequest {
  /** When it was made, in milliseconds since the epoch. */
  readonly at: number;
  readonly message: string;
}

/** Asks the API twice a second until `work` has ended: how often, and what went wrong. */
export async function whileAsking(
  cluster: RigCluster,
  work: () => Promise<void>,
): Promise<{ asked: number; failed: FailedRequest[] }> {
  let done = false;
  const failed: FailedRequest[] = [];
  let asked = 0;
  const asking = (async () => {
    while (!done) {
      asked++;
      const at = Date.now();
      await cluster.kubectl('get --raw /readyz').catch(({ message }: Error) => failed.push({ at, message }));
      await sleep(500);
    }
  })();
  try {
    await work();
  } finally {
    done = true;
    await asking;
  }
  return { asked, failed };
}
