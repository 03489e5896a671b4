import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  CLUSTER,
  type Edit,
  edited,
  failure,
  hostOf,
  KUBERNETES,
  load,
  loadEdited,
  plain,
  problems,
  removeEdited,
  SERVICES,
} from './configuration-fixture.js';

const PASSWORD = 'password: default-secret';
const JWT = 'jwt-secret: jwt-hidden';

const password = (value: string): Edit => [CLUSTER, PASSWORD, `password: ${value}`];
const jwt = (value: string): Edit => [SERVICES, JWT, `jwt-secret: ${value}`];

afterEach(() => {
  vi.unstubAllEnvs();
  removeEdited();
});

/** The lines that a SECRET tells, without the folder in front. */
async function refused(folder: string, work: Promise<unknown>): Promise<readonly string[]> {
  const error = await failure(work);
  expect(error.code).toBe('SECRET');
  expect(error.exitCode).toBe(2);
  return error.details.map((line) => line.replace(`${folder}/`, ''));
}

describe('a secret may be kept', () => {
  it('in an environment variable', async () => {
    vi.stubEnv('PAI_TEST_PASSWORD', 'from env\n');
    const cluster = await loadEdited(password('!env PAI_TEST_PASSWORD'));
    expect(await plain(hostOf(cluster, 'm1').login)).toMatchObject({ password: 'from env\n' });
  });

  it('in a file, whose last newline is no part of it', async () => {
    const folder = edited(password('!file secrets/ssh'));
    mkdirSync(join(folder, 'secrets'));
    writeFileSync(join(folder, 'secrets/ssh'), 'two\nlines\n\n');
    expect(await plain(hostOf(await load(folder), 'm1').login)).toMatchObject({ password: 'two\nlines\n' });
  });

  it('where a command finds it, which runs in the configuration folder', async () => {
    const folder = edited(jwt('!exec printf "%s\\n" "$(head -n 1 word)" | tr a-z A-Z'));
    writeFileSync(join(folder, 'word'), 'hush\nmore\n');
    const { clusterinfo } = await (await load(folder)).variables.services();
    expect(clusterinfo).toMatchObject({ restserver: { 'jwt-secret': 'HUSH' } });
  });

  it('once for several fields, by an alias', async () => {
    vi.stubEnv('PAI_TEST_PASSWORD', 'shared');
    const cluster = await loadEdited(password('&p !env PAI_TEST_PASSWORD'), [
      CLUSTER,
      'password: own-secret',
      'password: *p',
    ]);
    expect(await plain(hostOf(cluster, 'w2').login)).toMatchObject({ password: 'shared' });
  });
});

describe('a command for a secret', () => {
  it('does not run before the secret is needed, and once for all that name it', async () => {
    const command = '!exec echo x >> ran; echo hush';
    const folder = edited(password(command), jwt(command));
    const ran = join(folder, 'ran');
    const cluster = await load(folder);
    expect(existsSync(ran)).toBe(false);
    expect(await plain(hostOf(cluster, 'm1').login)).toMatchObject({ password: 'hush' });
    await cluster.variables.services();
    await cluster.revealSecrets();
    expect(readFileSync(ran, 'utf8')).toBe('x\n');
  });

  it('that fails is told with its place and what it said to standard error, never its output', async () => {
    const folder = edited(password('!exec echo half-a-secret; echo no such entry >&2; exit 3'));
    const cluster = await load(folder);
    const login = hostOf(cluster, 'm1').login;
    expect(await refused(folder, plain(login))).toEqual([
      `${CLUSTER}:3:19: password: \`echo half-a-secret; echo no such entry >&2; exit 3\` exited with 3, and said: no such entry`,
    ]);
  });

  it.each([
    ['a pipe of which the first part fails', 'false | cat', 'exited with 1'],
    ['an unset variable', 'echo "$PAI_NOT_SET"', 'exited with'],
    ['one that is not there', 'pai-no-such-command', 'exited with 127'],
  ])('%s is a failure', async (_, command, how) => {
    const folder = edited(jwt(`!exec ${command}`));
    const lines = await refused(folder, (await load(folder)).variables.services());
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain(how);
  });
});

describe('secrets that can not be had', () => {
  it('are told together, and keep nobody from looking at the rest', async () => {
    const folder = edited(password('!env PAI_TEST_NOT_SET'), jwt('!file secrets/none'), [
      SERVICES,
      'docker-password: registry-secret',
      'docker-password: !exec true',
    ]);
    const cluster = await load(folder);
    expect(cluster.hosts).toHaveLength(6);
    expect((await refused(folder, cluster.revealSecrets())).toSorted()).toEqual([
      `${CLUSTER}:3:18: password: the environment variable PAI_TEST_NOT_SET is not set: export it`,
      `${SERVICES}:13:21: jwt-secret: there is no file secrets/none; the path is relative to the configuration folder`,
      `${SERVICES}:7:28: docker-password: !exec true gives nothing`,
    ]);
  });

  it('include a file that is a folder', async () => {
    const folder = edited(jwt('!file secrets'));
    mkdirSync(join(folder, 'secrets'));
    const [line] = await refused(folder, (await load(folder)).revealSecrets());
    expect(line).toContain("jwt-secret: the file secrets can't be read (EISDIR)");
  });
});

describe('a field that is no secret', () => {
  it('may have a reference too, and is checked as any other', async () => {
    vi.stubEnv('PAI_TEST_PORT', '2222');
    const cluster = await loadEdited(
      [CLUSTER, 'sshport: 2200', 'sshport: !env PAI_TEST_PORT'],
      [KUBERNETES, 'pause-version: "3.2"', 'pause-version: !exec echo 3.10'],
    );
    expect(hostOf(cluster, 'm1').login.port).toBe(2222);
    expect(cluster.kubernetes.versions.pause).toBe('3.10');
  });

  it('is told with all other problems when its reference gives nothing of use', async () => {
    vi.stubEnv('PAI_TEST_PORT', 'hush');
    const found = await problems(
      [CLUSTER, 'sshport: 2200', 'sshport: !env PAI_TEST_PORT'],
      [CLUSTER, 'hostip: 10.1.0.1\n', 'hostip: !env PAI_TEST_NOT_SET\n'],
      [KUBERNETES, 'pause-version: "3.2"', 'pause-version: !exec echo out; echo err >&2; exit 1'],
    );
    expect(found).toEqual([
      `${CLUSTER}:4:17: sshport must be a whole number, and !env PAI_TEST_PORT gives something else`,
      `${CLUSTER}:17:18: hostip: the environment variable PAI_TEST_NOT_SET is not set: export it`,
      expect.stringMatching(/pause-version: `echo out; echo err >&2; exit 1` exited with 1, and said: err$/),
    ]);
  });
});

describe('references that are written wrongly', () => {
  it.each([
    ['a misspelt tag', '!evn X', `${CLUSTER}:3:13: unknown tag !evn; did you mean !env?`],
    ['a tag of its own', '!vault X', `${CLUSTER}:3:13: unknown tag !vault; there are !env, !file, !exec`],
    ['a list', '!env [X]', `${CLUSTER}:3:13: !env stands before a single value, not before a sequence`],
    ['nothing behind it', '!env', `${CLUSTER}:3:13: password: !env needs the name of a variable behind it`],
    ['no command', '!exec ""', `${CLUSTER}:3:19: password: !exec needs a command behind it`],
  ])('%s', async (_, written, line) => {
    expect(await problems(password(written))).toEqual([line]);
  });

  it('a key with a tag', async () => {
    expect(await problems([CLUSTER, PASSWORD, '!env password: x'])).toEqual([
      `${CLUSTER}:3:3: a key can have no tag, only a value`,
    ]);
  });

  it('a command of an unknown key does not run', async () => {
    const folder = edited([CLUSTER, PASSWORD, `${PASSWORD}\n  passwort: !exec touch ran`]);
    expect((await failure(load(folder))).code).toBe('CONFIG_INVALID');
    expect(existsSync(join(folder, 'ran'))).toBe(false);
  });
});
