import { describe, expect, it } from 'vitest';
import { allFields, findFields, nameOfField, placesOf, suggestField, typeOf } from '../../../src/cluster/fields.js';

const found = (asked: string) => findFields(asked).map(nameOfField);

describe('fields', () => {
  it('are found by their whole name, each as the only one', () => {
    for (const field of allFields()) {
      const name = nameOfField(field);
      const same = allFields().filter((other) => nameOfField(other) === name);
      // A name of one word may be that of fields further down too.
      if (name.includes('.')) expect(found(name)).toEqual(same.map(nameOfField));
      else expect(found(name)).toContain(name);
    }
  });

  it('are found by their last words, with or without brackets', () => {
    expect(found('sshport')).toEqual([
      'default-machine-properties.sshport',
      'ssh-bastions.<name>.sshport',
      'machine-list[].sshport',
    ]);
    expect(found('machine-list.hostip')).toEqual(['machine-list[].hostip']);
    expect(found('machine-list[3].hostip')).toEqual(['machine-list[].hostip']);
    expect(found('cpu.vcore')).toEqual(['machine-sku.<name>.cpu.vcore']);
  });

  it('are not found by half a word, nor by nothing', () => {
    for (const asked of ['host', 'list.hostip', '', '.', '<name>', '[]']) expect(found(asked)).toEqual([]);
  });

  it('that are not there have neighbours', () => {
    expect(suggestField('hostnam')).toBe('did you mean hostname?');
    expect(suggestField('restserver.jwt-secrt')).toContain('restserver.jwt-secret');
    expect(suggestField('qqqqqqqq')).toBeUndefined();
  });

  it('have places in a document', () => {
    const [vcore] = findFields('cpu.vcore');
    const document = { 'machine-sku': { 'a/b': { cpu: { vcore: 1 } }, c: { cpu: {} }, d: null } };
    expect(vcore && placesOf(vcore, document)).toEqual(['/machine-sku/a~1b/cpu/vcore']);
    const [address] = findFields('machine-list.hostip');
    expect(address && placesOf(address, { 'machine-list': [{}, { hostip: 'x' }] })).toEqual(['/machine-list/1/hostip']);
  });

  it('have a type for people', () => {
    const types = ['jwt-secret', 'machine-list.sshport', 'k8s-role.master', 'dashboard', 'mem', 'capacity'].map(
      (name) => typeOf(findFields(name)[0]?.schema ?? {}),
    );
    expect(types).toEqual([
      'a secret',
      'a whole number from 1 to 65535',
      'a mapping',
      'true or false',
      'a number more than 0',
      'a number from 0',
    ]);
  });
});
