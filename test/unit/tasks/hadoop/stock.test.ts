import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { FILES } from '../../../../tasks/hadoop/roles.js';
import { readStock } from '../../../../tasks/hadoop/stock.js';
import { temporaryDirectory } from '../../local/helpers.js';
import { type FakeRelease, fakeStock, writeFakeRelease } from './fake-release.js';

const options = { cure: 'Take another one.', signal: new AbortController().signal };

async function stockOf(release: FakeRelease) {
  const file = path.join(await temporaryDirectory(), 'release.tar.gz');
  await writeFakeRelease(file, release);
  return readStock(file, options);
}

describe('the stock configuration of a release', () => {
  it.each(['fake-2.x', 'fake-3.x'] as const)('is found in the layout %s', async (layout) => {
    const stock = await stockOf({ layout });
    expect([...stock.keys()]).toEqual([...FILES]);
    const files = fakeStock(layout);
    expect(stock.get('mapred-site.xml')).toBe(files['mapred-site.xml'] ?? files['mapred-site.xml.template']);
    expect(stock.get('yarn-env.sh')).toBe(files['yarn-env.sh']);
  });

  it.each(['', '.', './hadoop-x', 'my build'])('is found whatever folder is at the top: %j', async (folder) => {
    expect((await stockOf({ folder })).size).toBe(FILES.length);
  });

  it('is the file itself where a release has a template besides', async () => {
    const stock = await stockOf({ layout: 'fake-3.x', files: { 'mapred-site.xml.template': 'template' } });
    expect(stock.get('mapred-site.xml')).toContain('<configuration>');
  });

  it('is missing in what is no binary release', async () => {
    await expect(stockOf({ folder: 'hadoop-src/conf/main' })).rejects.toMatchObject({
      code: 'ARCHIVE',
      message: expect.stringContaining('has no etc/hadoop/: it is not a binary release of Hadoop'),
      next: options.cure,
    });
  });

  it('is not guessed where an archive has two releases', async () => {
    const others = { 'hadoop-2/etc/hadoop/core-site.xml': '<configuration/>' };
    await expect(stockOf({ folder: 'hadoop-1', others })).rejects.toMatchObject({
      code: 'ARCHIVE',
      message: expect.stringContaining('has several releases in it: hadoop-1, hadoop-2'),
    });
  });

  it('tells which files a release lacks', async () => {
    await expect(stockOf({ files: { 'core-site.xml': undefined, 'yarn-env.sh': undefined } })).rejects.toMatchObject({
      code: 'ARCHIVE',
      message: expect.stringContaining('has no etc/hadoop/core-site.xml, yarn-env.sh: '),
    });
  });
});
