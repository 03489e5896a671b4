import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Drivers, PkiDriver } from '../../../src/model/drivers.js';
import type { Stamp } from '../../../src/model/stamp.js';
import type { ApplyContext } from '../../../src/model/target.js';
import { pkiAction } from '../../../src/pki/pki-action.js';
import { driverIn, fakeMasters, temporaryDirectory } from './helpers.js';

/** Context as the engine gives it; the other drivers are fakes that no pki action may touch. */
function contextFor(pki: PkiDriver, { run = 'r1', spec = 'spec-1' } = {}): ApplyContext & { lines: string[] } {
  const untouched = new Proxy({}, { get: () => expect.fail('not for pki') });
  const lines: string[] = [];
  return {
    target: 'pki',
    drivers: { hosts: untouched, images: untouched, kube: untouched, templates: untouched, pki } as Drivers,
    outputs: new Map(),
    log: (line) => lines.push(line),
    signal: new AbortController().signal,
    lines,
    stamp: (output = ''): Stamp => ({
      format: 1,
      target: 'pki',
      fingerprint: `fingerprint of ${spec}`,
      output,
      parts: { 'certificate authorities': spec },
      run,
    }),
  };
}

const action = pkiAction('demo');

async function apply(context: ApplyContext): Promise<Stamp> {
  return (await action.desired(context)).apply(context);
}

describe('pkiAction', () => {
  test('is absent, then applied and fresh, in this checkout and in another process', async () => {
    const configuration = await temporaryDirectory();
    const pki = driverIn(configuration);
    const context = contextFor(pki);
    expect(await action.observe(context)).toEqual({ kind: 'known', present: false });
    const stamp = await apply(context);
    expect(stamp.output).toBe(await pki.digest());
    const fresh = { kind: 'known', present: true, stamp };
    expect(await action.observe(context)).toEqual(fresh);
    expect(await action.observe(contextFor(driverIn(configuration)))).toEqual(fresh);
  });

  test('is fresh in a clone without a local copy, by what masters keep', async () => {
    const pki = driverIn(await temporaryDirectory());
    const stamp = await apply(contextFor(pki));
    const masters = fakeMasters((await pki.material()) ?? new Map());
    const clone = driverIn(await temporaryDirectory(), masters);
    expect(await action.observe(contextFor(clone))).toEqual({ kind: 'known', present: true, stamp });
    expect(await clone.digest()).toBe(stamp.output);
  });

  test('a crash before the stamp keeps the keys, and the next run adds the stamp', async () => {
    const pki = driverIn(await temporaryDirectory());
    const made = await pki.create();
    expect(await action.observe(contextFor(pki))).toEqual({ kind: 'known', present: true });
    await apply(contextFor(pki));
    expect((await pki.material())?.get('ca.key')).toBe(made.get('ca.key'));
    expect(await action.observe(contextFor(pki))).toMatchObject({ stamp: { target: 'pki' } });
  });

  test('a damaged stamp is no stamp', async () => {
    const configuration = await temporaryDirectory();
    await apply(contextFor(driverIn(configuration)));
    await writeFile(path.join(configuration, 'pki', 'stamp.json'), '{"format": 1');
    expect(await action.observe(contextFor(driverIn(configuration)))).toEqual({ kind: 'known', present: true });
  });

  test('a forced run changes no byte of what masters keep', async () => {
    const pki = driverIn(await temporaryDirectory());
    const first = await apply(contextFor(pki));
    const before = await pki.material();
    expect(await apply(contextFor(pki, { run: 'r2' }))).toEqual(first);
    expect(await pki.material()).toEqual(before);
  });

  test('a changed fingerprint of the code alone gets a new stamp and keeps the keys', async () => {
    const pki = driverIn(await temporaryDirectory());
    await apply(contextFor(pki));
    const key = (await pki.material())?.get('ca.key');
    const context = contextFor(pki, { run: 'r2' });
    const changed = { ...context, stamp: (output?: string) => ({ ...context.stamp(output), fingerprint: 'new' }) };
    expect(await apply(changed)).toMatchObject({ fingerprint: 'new', run: 'r2' });
    expect((await pki.material())?.get('ca.key')).toBe(key);
    expect(await action.observe(contextFor(pki))).toMatchObject({ stamp: { fingerprint: 'new' } });
  });

  test('a changed specification replaces nothing and is told', async () => {
    const pki = driverIn(await temporaryDirectory());
    await apply(contextFor(pki));
    const before = await pki.material();
    await expect(apply(contextFor(pki, { spec: 'spec-2' }))).rejects.toMatchObject({
      code: 'PKI',
      next: expect.stringContaining('an operation of its own'),
    });
    expect(await pki.material()).toEqual(before);
  });

  test('authorities that someone replaced by hand are seen, and not passed on', async () => {
    const configuration = await temporaryDirectory();
    await apply(contextFor(driverIn(configuration)));
    const other = await driverIn(await temporaryDirectory()).create();
    for (const [file, content] of other) await writeFile(path.join(configuration, 'pki', file), content);
    const pki = driverIn(configuration);
    expect(await action.observe(contextFor(pki))).toMatchObject({
      problem: 'the certificate authorities were replaced',
    });
    await expect(apply(contextFor(pki))).rejects.toMatchObject({
      code: 'PKI',
      next: expect.stringContaining('stamp.json'),
    });
  });

  test('what cannot be told is unknown, with the reason', async () => {
    const configuration = await temporaryDirectory();
    await driverIn(configuration).create();
    await rm(path.join(configuration, 'pki', 'sa.key'));
    const seen = await action.observe(contextFor(driverIn(configuration)));
    expect(seen).toMatchObject({ kind: 'unknown', error: { code: 'PKI', details: ['missing: sa.key'] } });
  });

  test('its fingerprint covers the cluster and how authorities are made', async () => {
    const context = contextFor(driverIn(await temporaryDirectory()));
    const { parts } = await action.desired(context);
    const other = (await pkiAction('other').desired(context)).parts;
    expect(parts).toEqual([
      { name: 'certificate authorities', value: expect.objectContaining({ clusterId: 'demo', years: 10 }) },
    ]);
    expect(other).not.toEqual(parts);
  });

  test('clean removes the local copy and says what stays', async () => {
    const pki = driverIn(await temporaryDirectory());
    const context = contextFor(pki);
    await apply(context);
    await action.clean(context);
    expect(await action.observe(context)).toEqual({ kind: 'known', present: false });
    expect(context.lines.join('\n')).toContain('masters keep theirs');
    await action.clean(context);
  });
});
