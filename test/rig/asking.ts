import { setTimeout as sleep } from 'node:timers/promises';
import type { RigCluster } from './cluster.js';

/** A request that failed. */
export interface FailedRequest {
  /** When it was made, in milliseconds since the epoch. */
  readonly at: number;
  /** When it failed. */
  readonly until: number;
  readonly message: string;
}

/** What became of asking the API all the time. */
export interface Asked {
  readonly asked: number;
  readonly failed: readonly FailedRequest[];
  /** The longest time from a request that failed to the next that did not, in milliseconds; 0 when none failed. */
  readonly outage: number;
}

/** Asks the API twice a second until `work` has ended. */
export async function whileAsking(cluster: RigCluster, work: () => Promise<void>): Promise<Asked> {
  let done = false;
  const failed: FailedRequest[] = [];
  let asked = 0;
  let outage = 0;
  let since: number | undefined;
  const asking = (async () => {
    while (!done) {
      asked++;
      const at = Date.now();
      try {
        await cluster.kubectl('get --raw /readyz');
        if (since !== undefined) outage = Math.max(outage, at - since);
        since = undefined;
      } catch (error) {
        failed.push({ at, until: Date.now(), message: String(error) });
        since ??= at;
      }
      await sleep(500);
    }
  })();
  try {
    await work();
  } finally {
    done = true;
    await asking;
  }
  if (since !== undefined) outage = Math.max(outage, Date.now() - since);
  return { asked, failed, outage };
}
