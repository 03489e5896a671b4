import { PaiError } from '../model/errors.js';

/** How many of a group that rolls in batches go at a time: a number, or a share of all its members. */
export type BatchSize = { readonly count: number } | { readonly percent: number };

/** One at a time: how much can be spared is known only to who runs the cluster. */
export const DEFAULT_BATCH: BatchSize = { count: 1 };

/** Reads `2` or `20%`. Throws USAGE. */
export function parseBatch(text: string): BatchSize {
  const [, digits = '', sign] = /^([1-9]\d{0,5})(%?)$/.exec(text) ?? [];
  const number = Number(digits);
  if (digits === '' || (sign === '%' && number > 100)) {
    throw new PaiError('USAGE', `--batch must be a number from 1, or a share from 1% to 100%, not '${text}'`, {
      next: 'For example --batch 2 or --batch 20%.',
    });
  }
  return sign === '%' ? { percent: number } : { count: number };
}

/** The number of a group's members that go at a time: at least one; a share is rounded down. */
export function batchCount(size: BatchSize, members: number): number {
  if ('count' in size) return size.count;
  return Math.max(1, Math.floor((members * size.percent) / 100));
}
