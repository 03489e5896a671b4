import { describe, expect, test } from 'vitest';
import { candidates } from '../../../../src/cli/completion/candidates.js';
import { FakeWorld, fakeGraph } from '../../run/fakes.js';

const graph = fakeGraph(new FakeWorld(), {
  pki: {},
  'worker:h1': { groups: ['workers'] },
  'worker:h2': { groups: ['workers'] },
});

async function complete(...words: string[]): Promise<string[]> {
  return (await candidates(words, async () => graph)).map(({ value }) => value);
}

describe('completion', () => {
  test('of the first word offers commands', async () => {
    expect(await complete('')).toEqual(expect.arrayContaining(['run', 'clean', 'plan', 'why', 'list', 'completion']));
    expect(await complete('cl')).toEqual(['clean']);
    expect(await candidates(['cle'], async () => undefined)).toEqual([
      { value: 'clean', summary: 'take targets down, and only these' },
    ]);
  });

  test('behind a command offers groups and targets that are not there yet', async () => {
    expect(await complete('run', '')).toEqual(['workers', 'pki', 'worker:h1', 'worker:h2']);
    expect(await complete('run', '--force', 'pki', '')).toEqual(['workers', 'worker:h1', 'worker:h2']);
    expect(await complete('why', 'worker:h')).toEqual(['worker:h1', 'worker:h2']);
    expect(await complete('run', '--', 'pk')).toEqual(['pki']);
  });

  test('behind a dash offers the options of the command, by their long names', async () => {
    expect(await complete('run', '--f')).toEqual(['--force', '--fail-fast']);
    expect(await complete('list', '-')).toEqual(['--json', '--sandbox', '--path']);
  });

  test('behind an option offers its values', async () => {
    expect(await complete('run', '--output', '')).toEqual(['tty', 'plain', 'grouped', 'github', 'json']);
    expect(await complete('run', '--output=j')).toEqual(['--output=json']);
    expect(await complete('run', 'pki', '--exclude', 'w')).toEqual(['workers', 'worker:h1', 'worker:h2']);
    expect(await complete('run', '--exclude=worker:h2')).toEqual(['--exclude=worker:h2']);
    expect(await complete('run', '--jobs', '')).toEqual([]);
    expect(await complete('completion', 'z')).toEqual(['zsh']);
  });

  test('asks for the graph with the configuration that is named, and only where targets may stand', async () => {
    const asked: (string | undefined)[] = [];
    const note = async (path: string | undefined): Promise<typeof graph> => {
      asked.push(path);
      return graph;
    };
    await candidates(['run', '-p', 'other', ''], note);
    await candidates(['run', 'p'], note);
    await candidates(['r'], note);
    await candidates(['run', '--js'], note);
    expect(asked).toEqual(['other', undefined]);
  });

  test('of what works on one kind of target offers its actions, and then the names of that kind', async () => {
    const services = fakeGraph(new FakeWorld(), { 'service:pylon': {}, 'service:grafana': {}, 'worker:h1': {} });
    const offered = async (...words: string[]) =>
      (await candidates(words, async () => services)).map(({ value }) => value);
    expect(await offered('service', '')).toEqual([
      'status',
      'logs',
      'start',
      'stop',
      'restart',
      'refresh',
      'delete',
      'new',
    ]);
    expect(await offered('service', 're')).toEqual(['restart', 'refresh']);
    expect(await offered('service', 'logs', '')).toEqual(['pylon', 'grafana']);
    expect(await offered('service', 'restart', 'pylon', '')).toEqual(['grafana']);
    expect(await offered('service', 'restart', '--yes', 'g')).toEqual(['grafana']);
    expect(await offered('service', 'logs', '--f')).toEqual(['--follow']);
  });

  test('is silent where nothing can be offered', async () => {
    expect(await candidates(['run', ''], async () => undefined)).toEqual([]);
    expect(await complete('nonsense', '')).toEqual([]);
  });
});
