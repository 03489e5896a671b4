import {
  chmodSync,
  lstatSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { addingMachines, removingMachines } from '../../../src/cluster/edit-file.js';
import { CLUSTER, edited, failure, LIST, removeEdited } from './configuration-fixture.js';

afterEach(removeEdited);

const w9 = {
  hostname: 'w9',
  hostip: '10.1.0.19',
  'machine-type': 'GENERIC',
  'k8s-role': 'worker',
  'pai-worker': 'true',
};

function fixture() {
  const folder = edited();
  const file = join(folder, CLUSTER);
  const options = { configurationDirectory: folder, serviceListFile: join(folder, LIST) };
  return { folder, file, options, text: () => readFileSync(file, 'utf8') };
}

describe('a change of cluster-configuration.yaml', () => {
  it('is checked as a whole before it is made, and tells what the cluster will be', async () => {
    const { options, text } = fixture();
    const before = text();
    const change = await addingMachines(options, [w9]);
    expect(change.cluster.workers.map(({ name }) => name)).toEqual(['w1', 'w2', 'w9']);
    expect(text()).toBe(before);
    await change.write();
    expect(text()).toBe(
      `${before}\n  - hostname: w9\n    hostip: 10.1.0.19\n    machine-type: GENERIC\n    k8s-role: worker\n    pai-worker: "true"\n`,
    );
    await (await removingMachines(options, ['W9', 'nobody'])).write();
    expect(text()).toBe(before);
  });

  it('is refused when the configuration would not be right', async () => {
    const { options, text } = fixture();
    const before = text();
    const double = await failure(addingMachines(options, [{ ...w9, hostip: '10.1.0.12' }]));
    expect([double.code, double.exitCode]).toEqual(['CONFIG_INVALID', 2]);
    expect(double.details.join()).toContain('hostip "10.1.0.12" is that of the machine on line');
    const needed = await failure(removingMachines(options, ['m1']));
    expect(needed.details.join()).toContain('no machine has pai-master: "true"');
    expect(text()).toBe(before);
  });

  it('keeps the mode of the file and a link to it, and leaves nothing beside it', async () => {
    const { options, folder, file, text } = fixture();
    renameSync(file, join(folder, 'real.yaml'));
    symlinkSync('real.yaml', file);
    chmodSync(join(folder, 'real.yaml'), 0o640);
    const names = readdirSync(folder);
    await (await addingMachines(options, [w9])).write();
    expect(lstatSync(file).isSymbolicLink()).toBe(true);
    expect(statSync(file).mode & 0o777).toBe(0o640);
    expect(text()).toContain('w9');
    expect(readdirSync(folder)).toEqual(names);
  });

  it('is not made over what somebody wrote meanwhile', async () => {
    const { options, file, text } = fixture();
    const change = await removingMachines(options, ['w2']);
    writeFileSync(file, `${text()}# mine\n`);
    const mine = text();
    const error = await failure(change.write());
    expect(error.message).toContain('was changed while pai was at work');
    expect(text()).toBe(mine);
  });
});
