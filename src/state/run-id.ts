const RUN_ID = /^\d{8}-\d{6}-\d{3}-[0-9a-f]{6}$/;

/** Id of a run that starts now (UTC): later runs sort later, and no two runs share one. `20261123-094150-123-0a1b2c`. */
export function newRunId(now: Date): string {
  const digits = now.toISOString().replaceAll(/\D/g, '');
  const parts = [digits.slice(0, 8), digits.slice(8, 14), digits.slice(14, 17), unique()];
  return parts.join('-');
}

/** Whether a name is that of a run, so that nothing else in the cache is ever removed as an old run. */
export function isRunId(name: string): boolean {
  return RUN_ID.test(name);
}

/** Nobody has to be kept from guessing it, and loading node:crypto takes as long as looking at 500 files. */
function unique(): string {
  return Math.floor(Math.random() * 0x1000000)
    .toString(16)
    .padStart(6, '0');
}
