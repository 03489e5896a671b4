import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { afterListening } from '../../../src/ssh/listening-time.js';

it('is over after its time, and not before', async () => {
  let isOver = false;
  afterListening(200, () => {
    isOver = true;
  });
  await sleep(100);
  expect(isOver).toBe(false);
  await expect.poll(() => isOver).toBe(true);
});

it('does not count the time in which this process was busy', async () => {
  let isOver = false;
  const stop = afterListening(1000, () => {
    isOver = true;
  });
  const end = performance.now() + 1200;
  while (performance.now() < end);
  await sleep(0);
  expect(isOver).toBe(false);
  stop();
});

it('is never over once it was ended', async () => {
  let isOver = false;
  afterListening(40, () => {
    isOver = true;
  })();
  await sleep(100);
  expect(isOver).toBe(false);
});
