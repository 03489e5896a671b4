import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { loadCluster } from '../../../src/cluster/load.js';
import { placed } from '../../../src/cluster/problems.js';
import { CLUSTER, type Edit, edited, LIST, removeEdited, SERVICES } from './configuration-fixture.js';

afterEach(() => {
  vi.unstubAllEnvs();
  removeEdited();
});

/** What is warned of, without the folder, where these files have these modes and all others are 0600. */
async function warned(modes: Readonly<Record<string, number>>, ...edits: readonly Edit[]): Promise<readonly string[]> {
  const folder = edited(...edits);
  for (const name of [CLUSTER, SERVICES]) chmodSync(join(folder, name), 0o600);
  for (const [name, mode] of Object.entries(modes)) {
    if (name === 'key') writeFileSync(join(folder, name), 'hush\n');
    chmodSync(join(folder, name), mode);
  }
  const lines: string[] = [];
  const warn = (warnings: readonly Parameters<typeof placed>[0][]) => void lines.push(...warnings.map(placed));
  await loadCluster({ configurationDirectory: folder, serviceListFile: join(folder, LIST), warn });
  return lines.map((line) => line.replaceAll(`${folder}/`, '')).filter((line) => line.includes('chmod'));
}

describe('secrets in plain text', () => {
  it('are no matter in files that nobody else may read', async () => {
    expect(await warned({ [CLUSTER]: 0o600, [SERVICES]: 0o400 })).toEqual([]);
  });

  it.each([0o640, 0o644, 0o604])('are warned of once a file that others may read, mode %o', async (mode) => {
    expect(await warned({ [CLUSTER]: mode, [SERVICES]: mode })).toEqual([
      `${CLUSTER}:3:3: password and 1 more are secrets in plain text, and others may read this file: chmod 600 ${CLUSTER}`,
      `${SERVICES}:7:5: docker-password and 2 more are secrets in plain text, and others may read this file: chmod 600 ${SERVICES}`,
    ]);
  });

  it('are none where they are kept elsewhere, unless others may read that', async () => {
    vi.stubEnv('PAI_TEST_PASSWORD', 'hush');
    const edits: readonly Edit[] = [
      [CLUSTER, 'password: default-secret', 'password: !file key'],
      [CLUSTER, 'password: own-secret', 'password: !env PAI_TEST_PASSWORD'],
    ];
    expect(await warned({ [CLUSTER]: 0o644, key: 0o600 }, ...edits)).toEqual([]);
    expect(await warned({ [CLUSTER]: 0o644, key: 0o640 }, ...edits)).toEqual([
      `${CLUSTER}:3:19: password is a secret, and others may read key: chmod 600 key`,
    ]);
  });
});
