import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { mergeDurations, readDurations, writeDurations } from '../../../src/state/durations.js';

async function cacheFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'pai-durations-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

const everything = (): boolean => true;

describe('durations', () => {
  test('are read as they were written, and leave nothing beside them', async () => {
    const cache = await cacheFolder();
    const durations = new Map([
      ['a', 1.25],
      ['worker:h1', 0],
    ]);
    await writeDurations(cache, durations);
    expect(await readDurations(cache)).toEqual(durations);
    expect(await readdir(cache)).toEqual(['durations.json']);
  });

  test.each(['', '{', 'null', '[]', '{"format":2,"seconds":{"a":1}}', '{"format":1,"seconds":null}', '{"format":1}'])(
    'are unknown when the file is %j',
    async (text) => {
      const cache = await cacheFolder();
      await writeFile(path.join(cache, 'durations.json'), text);
      expect(await readDurations(cache)).toEqual(new Map());
    },
  );

  test('that make no sense are passed over', async () => {
    const cache = await cacheFolder();
    await writeFile(
      path.join(cache, 'durations.json'),
      '{"format":1,"seconds":{"a":1,"b":-1,"c":"2","d":null,"e":1e999}}',
    );
    expect(await readDurations(cache)).toEqual(new Map([['a', 1]]));
    expect(await readDurations(path.join(cache, 'none'))).toEqual(new Map());
  });

  test('that can not be written are nobody’s concern', async () => {
    const cache = await cacheFolder();
    await writeFile(path.join(cache, 'file'), '');
    await expect(writeDurations(path.join(cache, 'file'), new Map([['a', 1]]))).resolves.toBeUndefined();
  });

  test('come nearer to what is measured with each run', () => {
    const once = mergeDurations(
      new Map([
        ['a', 10],
        ['b', 5],
      ]),
      new Map([
        ['a', 20],
        ['new', 3],
      ]),
      everything,
    );
    expect(once).toEqual(
      new Map([
        ['a', 13],
        ['b', 5],
        ['new', 3],
      ]),
    );
    let durations = new Map([['a', 10]]) as ReadonlyMap<string, number>;
    for (let run = 0; run < 30; run++) durations = mergeDurations(durations, new Map([['a', 20]]), everything);
    expect(durations.get('a')).toBeCloseTo(20, 3);
  });

  test('of targets that are gone are dropped once they are most of them', () => {
    const before = new Map([
      ['a', 1],
      ['gone', 1],
    ]);
    const known = (name: string): boolean => !name.startsWith('gone');
    expect([...mergeDurations(before, new Map(), known).keys()]).toEqual(['a', 'gone']);
    expect([...mergeDurations(before, new Map([['gone too', 1]]), known).keys()]).toEqual(['a']);
  });
});
