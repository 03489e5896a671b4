import { homedir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import {
  CLUSTER,
  type Edit,
  FIXTURE,
  hostOf,
  load,
  loadEdited,
  plain,
  problems,
  removeEdited,
} from './configuration-fixture.js';

afterEach(removeEdited);

/** The fixture with bastions: `lines` stand below `ssh-bastions`. */
function withBastions(lines: string, byDefault = 'gate'): Edit {
  const to = `  sshport: 2200\n  ssh-bastion: ${byDefault}\nssh-bastions:\n${lines}\n`;
  return [CLUSTER, '  sshport: 2200\n', to];
}

const W2: Edit = [CLUSTER, 'username: ops', 'username: ops\n    ssh-bastion: none'];

describe('bastions', () => {
  it('are no part of a machine that names none', async () => {
    for (const { login } of (await load(FIXTURE)).hosts) expect(login).not.toHaveProperty('via');
  });

  it('stand before every machine by default, and before none that says so', async () => {
    const cluster = await loadEdited(withBastions('  gate: {hostip: gate.example.com}'), W2);
    const gate = {
      name: 'gate',
      kind: 'bastion',
      address: 'gate.example.com',
      port: 22,
      user: 'pai',
      password: 'default-secret',
    };
    expect(await plain(hostOf(cluster, 'm1').login)).toEqual({
      name: 'm1',
      address: '10.1.0.1',
      port: 2200,
      user: 'pai',
      password: 'default-secret',
      via: gate,
    });
    expect(await plain(hostOf(cluster, 'w1').login.via)).toEqual(gate);
    expect(hostOf(cluster, 'w2').login).not.toHaveProperty('via');
  });

  it('of a machine win over that of the defaults, and one that nobody names is fine', async () => {
    const lines = '  gate: {hostip: 10.9.0.1}\n  other: {hostip: 10.9.0.2, sshport: 2222}\n  spare: {hostip: 10.9.0.3}';
    const cluster = await loadEdited(withBastions(lines), [
      CLUSTER,
      'username: ops',
      'username: ops\n    ssh-bastion: other',
    ]);
    expect(hostOf(cluster, 'm1').login.via).toMatchObject({ name: 'gate', address: '10.9.0.1' });
    expect(hostOf(cluster, 'w2').login.via).toMatchObject({ name: 'other', address: '10.9.0.2', port: 2222 });
  });

  it('do not get the password of the machines when they have a login of their own', async () => {
    const lines = '  gate: {hostip: 10.9.0.1, username: jump, ssh-keyfile-path: ~/.ssh/jump}';
    expect(hostOf(await loadEdited(withBastions(lines)), 'm1').login.via).toEqual({
      name: 'gate',
      kind: 'bastion',
      address: '10.9.0.1',
      port: 22,
      user: 'jump',
      keyPath: join(homedir(), '.ssh/jump'),
    });
  });

  it('are not seen by templates, nor is any other part of a login', async () => {
    const lines = '  gate: {hostip: gate.example.com, username: jump, password: hush}';
    const without = await load(FIXTURE);
    const cluster = await loadEdited(
      withBastions(lines),
      [CLUSTER, 'username: ops', 'username: other'],
      [CLUSTER, 'ssh-keyfile-path: keys/w2\n    sshport: 22', 'ssh-keyfile-path: keys/other\n    sshport: 23'],
    );
    expect(hostOf(cluster, 'w2').login).toMatchObject({ user: 'other', port: 23 });
    const seen = async ({ variables }: typeof cluster) => ({ ...variables, services: await variables.services() });
    expect(await seen(cluster)).toEqual(await seen(without));
    expect(cluster.hosts.map((host) => host.raw)).toEqual(without.hosts.map((host) => host.raw));
  });

  const cases: readonly [string, Edit, readonly string[]][] = [
    [
      'a name that the defaults misspell, once',
      withBastions('  gate: {hostip: 10.9.0.1}', 'gaet'),
      [`${CLUSTER}:5:16: ssh-bastion "gaet" is not in ssh-bastions; did you mean gate?`],
    ],
    [
      'a name that a machine misspells',
      [CLUSTER, 'username: ops', 'username: ops\n    ssh-bastion: gate'],
      [`${CLUSTER}:54:18: ssh-bastion "gate" is not in ssh-bastions; it is empty`],
    ],
    ['no address', withBastions('  gate: {username: jump}'), [`${CLUSTER}:7:9: hostip is missing`]],
    [
      'an address that is none',
      withBastions('  gate: {hostip: 10.9.0.256}'),
      [`${CLUSTER}:7:18: hostip must be an IPv4 or IPv6 address or a DNS name, not "10.9.0.256"`],
    ],
    [
      'an unknown field',
      withBastions('  gate: {hostip: gate, user: jump}'),
      [`${CLUSTER}:7:24: unknown key "user"; did you mean username?`],
    ],
    [
      'a port too high',
      withBastions('  gate: {hostip: gate, sshport: 65536}'),
      [`${CLUSTER}:7:33: sshport must be at most 65535, not "65536"`],
    ],
    [
      'one behind another',
      withBastions('  gate: {hostip: gate, ssh-bastion: gate}'),
      [`${CLUSTER}:7:24: unknown key "ssh-bastion"; known here: hostip, username, password, ssh-keyfile-path, sshport`],
    ],
    [
      'one that is called none',
      withBastions('  none: {hostip: gate}', 'none'),
      [`${CLUSTER}:7:3: "none" stands for no bastion: give this one another name`],
    ],
  ];

  it.each(cases)('are told at their place when something is wrong: %s', async (_, edit, expected) => {
    expect(await problems(edit)).toEqual(expected);
  });

  it('need a user and a password or key, their own or the defaults', async () => {
    const logins: readonly Edit[] = [
      [CLUSTER, '  username: pai\n  password: default-secret\n', ''],
      [CLUSTER, 'hostname: m1', 'hostname: m1\n    username: u\n    password: p'],
      [CLUSTER, 'hostname: m2', 'hostname: m2\n    username: u\n    password: p'],
      [CLUSTER, 'hostname: m3', 'hostname: m3\n    username: u\n    password: p'],
      [CLUSTER, 'hostname: p1', 'hostname: p1\n    username: u\n    password: p'],
      [CLUSTER, 'hostname: w1', 'hostname: w1\n    username: u\n    password: p'],
    ];
    expect(await problems(withBastions('  gate: {hostip: gate}'), ...logins)).toEqual([
      `${CLUSTER}:5:3: bastion "gate": no password and no ssh-keyfile-path here, nor in default-machine-properties`,
      `${CLUSTER}:5:3: bastion "gate": no username here, nor in default-machine-properties`,
    ]);
    await loadEdited(withBastions('  gate: {hostip: gate, username: jump, password: hush}'), ...logins);
  });
});
