import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TargetRecord } from '../../../src/local/records.js';
import { createLocalState } from '../../../src/state/local-state.js';

let directory: string;
let file: string;

beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'pai-state-'));
  file = path.join(directory, 'local-state');
});

afterEach(() => {
  chmodSync(directory, 0o700);
  rmSync(directory, { recursive: true });
});

const digest = (letter: string): string => letter.repeat(64);

function record(target: string, inputs: readonly string[] = ['a', 'ü/b'], declared = 'declared'): TargetRecord {
  const rows = [...inputs, 'out'].flatMap((_, index) => [index, 1.25, 2.5, 2 ** 40 + index, 0o100644]);
  const starts = rows.flatMap((_, index) => (index % 5 === 0 ? [index] : []));
  const parts = Object.fromEntries([...inputs.map((name) => [`file ${name}`, digest('1')]), ['commands', digest('2')]]);
  return {
    stamp: { format: 1, target, fingerprint: digest('3'), output: digest('4'), parts, run: 'run' },
    declared,
    needs: 'needs',
    surroundings: '',
    literal: true,
    inputs: { paths: inputs, rows, starts: starts.slice(0, -1), digests: inputs.map(() => digest('1')) },
    outputs: { paths: [`out-${target}`], rows, starts: starts.slice(-1), digests: [digest('5')] },
  };
}

function declaredOf(...targets: string[]): (string | undefined)[] {
  const state = createLocalState(directory);
  return targets.map((target) => {
    const known = state.get(target);
    return known?.kind === 'done' ? known.record.declared : known?.kind;
  });
}

describe('the state of local targets', () => {
  it('gives a record back as it was', async () => {
    const given = record('t:ü');
    const state = createLocalState(directory);
    expect(state.put(given)).toBeUndefined();
    await state.close();
    const known = createLocalState(directory).get('t:ü');
    if (known?.kind !== 'done') throw new Error('it is not there');
    const { stamp, inputs, outputs, declared, needs, surroundings, literal } = known.record;
    expect({ declared, needs, surroundings, literal }).toEqual({
      declared: 'declared',
      needs: 'needs',
      surroundings: '',
      literal: true,
    });
    expect(JSON.parse(JSON.stringify(stamp))).toEqual(given.stamp);
    expect([inputs.paths, inputs.digests]).toEqual([given.inputs.paths, given.inputs.digests]);
    const [first = 0, second = 0] = inputs.starts;
    expect(Array.from(inputs.rows.slice(first, first + 10))).toEqual(given.inputs.rows.slice(0, 10));
    expect(second - first).toBe(5);
    expect([outputs.paths, outputs.digests]).toEqual([given.outputs.paths, given.outputs.digests]);
  });

  it('keeps a record at once, so that a kill loses nothing', () => {
    createLocalState(directory).put(record('a'));
    expect(declaredOf('a')).toEqual(['declared']);
  });

  it('has no stamp of what was begun, and nothing of what was removed', async () => {
    const state = createLocalState(directory);
    for (const target of ['a', 'b', 'c']) state.put(record(target));
    await state.begin('a');
    await state.remove('b');
    await state.begin('new');
    expect(declaredOf('a', 'b', 'c', 'new')).toEqual(['begun', undefined, 'declared', 'begun']);
    state.put(record('a', [], 'again'));
    expect(declaredOf('a')).toEqual(['again']);
  });

  it('keeps what was only refreshed at the end', async () => {
    const state = createLocalState(directory);
    state.put(record('a'));
    state.refresh(record('a', [], 'refreshed'));
    expect(declaredOf('a')).toEqual(['declared']);
    await state.close();
    expect(declaredOf('a')).toEqual(['refreshed']);
  });

  it('keeps other rows of the same files at the end, and nothing else changes', async () => {
    const given = record('t');
    const state = createLocalState(directory);
    state.put(given);
    const rows = given.inputs.rows.map((number) => number + 1);
    const before = statSync(file).size;
    state.refreshRows('t', { ...given.inputs, rows }, { ...given.outputs, rows });
    state.refreshRows('nobody', given.inputs, given.outputs);
    expect(statSync(file).size).toBe(before);
    await state.close();
    for (const known of [state.get('t'), createLocalState(directory).get('t')]) {
      if (known?.kind !== 'done') throw new Error('it is not there');
      const { stamp, inputs, outputs, declared } = known.record;
      expect([JSON.parse(JSON.stringify(stamp)), declared]).toEqual([given.stamp, 'declared']);
      expect([inputs.paths, inputs.digests, outputs.paths]).toEqual([
        given.inputs.paths,
        given.inputs.digests,
        given.outputs.paths,
      ]);
      expect(Array.from(known.record.rows.subarray(known.record.rowStart, known.record.rowStart + 15))).toEqual(rows);
    }
  });

  it('forgets other rows of what was begun after them', async () => {
    const given = record('t');
    const state = createLocalState(directory);
    state.put(given);
    await state.begin('t');
    state.refreshRows('t', given.inputs, given.outputs);
    await state.close();
    expect(declaredOf('t')).toEqual(['begun']);
  });

  it('forgets a refresh of what was begun after it', async () => {
    const state = createLocalState(directory);
    state.put(record('a'));
    state.refresh(record('a'));
    await state.begin('a');
    await state.close();
    expect(declaredOf('a')).toEqual(['begun']);
  });

  it('ignores a torn end, and writes the file anew', () => {
    createLocalState(directory).put(record('a'));
    createLocalState(directory).put(record('b'));
    truncateSync(file, statSync(file).size - 3);
    expect(declaredOf('a', 'b')).toEqual(['declared', undefined]);
    createLocalState(directory).put(record('c'));
    expect(declaredOf('a', 'b', 'c')).toEqual(['declared', undefined, 'declared']);
  });

  it('trusts nothing before a damaged record, which may have taken it back', () => {
    createLocalState(directory).put(record('a'));
    const damaged = statSync(file).size + 80;
    createLocalState(directory).put(record('b'));
    createLocalState(directory).put(record('c'));
    const bytes = readFileSync(file);
    bytes[damaged] = (bytes[damaged] ?? 0) ^ 1;
    writeFileSync(file, bytes);
    expect(declaredOf('a', 'b', 'c')).toEqual([undefined, undefined, 'declared']);
  });

  it('trusts nothing before a damaged end either, unless it was never written whole', async () => {
    const state = createLocalState(directory);
    state.put(record('a'));
    await state.begin('a');
    const bytes = readFileSync(file);
    bytes[bytes.length - 8] = (bytes[bytes.length - 8] ?? 0) ^ 1;
    writeFileSync(file, bytes);
    expect(declaredOf('a')).toEqual([undefined]);
  });

  it('never goes by an older record of a target when the file was cut anywhere', async () => {
    const first = createLocalState(directory);
    for (const target of ['t', 'u']) first.put(record(target, ['a'], 'old'));
    await first.close();
    const second = createLocalState(directory);
    await Promise.all([second.begin('t'), second.begin('u')]);
    second.put(record('t', ['a'], 'new'));
    second.put(record('u', ['a'], 'new'));
    await second.close();
    const third = createLocalState(directory);
    await third.remove('u');
    await third.close();
    const whole = readFileSync(file);
    const left = new Set<string | undefined>();
    for (let length = 0; length < whole.length; length++) {
      writeFileSync(file, whole.subarray(0, length));
      for (const found of declaredOf('t', 'u')) left.add(found);
    }
    expect([...left]).toEqual([undefined]);
    writeFileSync(file, whole);
    expect(declaredOf('t', 'u')).toEqual(['new', undefined]);
  });

  it('keeps what a cut can not have made wrong', async () => {
    const first = createLocalState(directory);
    first.put(record('t', ['a'], 'old'));
    await first.close();
    const second = createLocalState(directory);
    await second.begin('t');
    const begun = statSync(file).size;
    second.put(record('t', ['a'], 'new'));
    second.put(record('u'));
    await second.close();
    const whole = readFileSync(file);
    const left = new Set<string>();
    for (let length = begun; length < whole.length; length++) {
      writeFileSync(file, whole.subarray(0, length));
      left.add(declaredOf('t', 'u').join());
    }
    expect([...left]).toEqual(['begun,', 'new,']);
  });

  it('trusts no record when its header is damaged', () => {
    createLocalState(directory).put(record('t'));
    const whole = readFileSync(file);
    for (let at = 0; at < 24; at++) {
      const bytes = Buffer.from(whole);
      bytes[at] = (bytes[at] ?? 0) ^ 4;
      writeFileSync(file, bytes);
      expect(declaredOf('t'), `byte ${at}`).toEqual([undefined]);
    }
  });

  it('a second try to take a stamp away fails like the first, and takes it away once that is possible', async () => {
    createLocalState(directory).put(record('a'));
    const state = createLocalState(directory);
    expect(state.get('a')?.kind).toBe('done');
    const aside = `${file}-aside`;
    renameSync(file, aside);
    mkdirSync(file);
    for (let round = 0; round < 2; round++) await expect(state.begin('a')).rejects.toThrow(/can't write .*EISDIR/);
    rmdirSync(file);
    renameSync(aside, file);
    await state.begin('a');
    expect(declaredOf('a')).toEqual(['begun']);
  });

  it('takes the place of a folder', () => {
    mkdirSync(path.join(file, 'folder'), { recursive: true });
    expect(createLocalState(directory).put(record('a'))).toBeUndefined();
    expect(declaredOf('a')).toEqual(['declared']);
  });

  it.each(['', 'rubbish', 'pai-st0\n0000000000000000'])('takes a file of another kind for none: %j', (content) => {
    writeFileSync(file, content);
    expect(declaredOf('a')).toEqual([undefined]);
    createLocalState(directory).put(record('a'));
    expect(declaredOf('a')).toEqual(['declared']);
  });

  it('is written anew when most of it is old', async () => {
    const inputs = Array.from({ length: 200 }, (_, index) => `folder/${index}`);
    for (let run = 0; run < 3; run++) {
      const state = createLocalState(directory);
      for (let target = 0; target < 10; target++) state.put(record(`t${target}`, inputs, `run ${run}`));
      await state.close();
    }
    const live = 10 * 200 * 80;
    expect(statSync(file).size).toBeLessThan(2 * live);
    expect(declaredOf('t0', 't9')).toEqual(['run 2', 'run 2']);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('tells who made what', async () => {
    const state = createLocalState(directory);
    state.put(record('a'));
    expect([...state.owners()]).toEqual([['out-a', 'a']]);
    state.put(record('b'));
    await state.begin('a');
    expect([...state.owners()]).toEqual([['out-b', 'b']]);
  });

  it('refuses to begin when it can not take a stamp back', async () => {
    const state = createLocalState(directory);
    state.put(record('a'));
    await state.close();
    const later = createLocalState(directory);
    expect(later.get('a')?.kind).toBe('done');
    rmSync(file);
    writeFileSync(`${file}-other`, '');
    rmSync(directory, { recursive: true });
    writeFileSync(directory, 'a file where the folder was');
    await expect(later.begin('a')).rejects.toMatchObject({ code: 'LOCAL_FILE' });
    rmSync(directory);
    directory = mkdtempSync(path.join(tmpdir(), 'pai-state-'));
  });
});
