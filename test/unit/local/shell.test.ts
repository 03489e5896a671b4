import fc from 'fast-check';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { $ } from 'zx';
import { commandLine, startCommand } from '../../../src/local/shell.js';
import type { CommandValue } from '../../../src/model/local.js';

const word = fc.oneof(
  fc.string({ unit: 'binary' }).filter((text) => !text.includes('\0')),
  fc.constantFrom('', 'a b', "it's", '$HOME', '`id`', '*', '~', '#', '-n', 'a=b', 'if', '!', 'new\nline', '\\', 'é'),
);
const value: fc.Arbitrary<CommandValue> = fc.oneof(
  word,
  fc.integer(),
  fc.double(),
  fc.boolean(),
  fc.array(fc.oneof(word, fc.integer()), { maxLength: 3 }),
);

/** The command that zx itself makes of it. */
function asZx(pieces: readonly string[], values: readonly CommandValue[]): string {
  const given = values.map((one) => (typeof one === 'object' ? one.map(String) : String(one)));
  const made = $({ halt: true, quiet: true, nothrow: true })(Object.assign([...pieces], { raw: pieces }), ...given);
  return made.cmd;
}

/** Runs it, and returns both outputs as they came. */
async function outputsOf(command: string, env: NodeJS.ProcessEnv = process.env) {
  const { child, ended } = startCommand(command, { env, terminal: false });
  let [stdout, stderr] = ['', ''];
  child?.stdout?.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child?.stderr?.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const { exitCode, signal } = await ended;
  return { exitCode, signal, stdout, stderr };
}

/** The same with zx. */
async function outputsWithZx(command: string) {
  const made = $({ quiet: true, nothrow: true, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  const { exitCode, signal, stdout, stderr } = await made(Object.assign([command], { raw: [command] }));
  return { exitCode, signal, stdout, stderr };
}

describe('a declared command', () => {
  test('is the text that zx would make of it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(value, { maxLength: 4 }), async (values) => {
        const pieces = ['echo ', ...values.map((_, index) => ` p${index} `)];
        expect(await commandLine(pieces, values)).toBe(asZx(pieces, values));
      }),
      { numRuns: 500 },
    );
  });

  test.each([
    'echo out; echo err >&2',
    'exit 7',
    'false; echo not reached',
    'false | true',
    'echo "$unset"',
    'no-such-command --x',
    '/etc/hostname',
    'kill -9 $$',
    'if',
    'printf "%s\\n" a b | grep -c .',
    '[[ ab == a* ]] && echo bash; echo $-; cat',
    'env | grep -v ^_= | sort',
    'ps -o pgid= -p $$ | tr -d " " | grep -qx $$ && echo own group',
  ])('ends and speaks as with zx: %s', async (command) => {
    expect(await outputsOf(command)).toEqual(await outputsWithZx(command));
  });

  test('waits for what still holds its output', async () => {
    expect(await outputsOf('(sleep 0.3; echo late) & echo early')).toMatchObject({
      exitCode: 0,
      stdout: 'early\nlate\n',
    });
  });

  test('with more words than the system takes is refused, and says why', async () => {
    const { child, ended } = startCommand(`true ${'x'.repeat(4 * 1024 * 1024)}`, { env: process.env, terminal: false });
    expect(child).toBeUndefined();
    await expect(ended).resolves.toMatchObject({ exitCode: -1, refused: expect.stringContaining('E2BIG') });
  });

  test('is not started where there is no bash', async () => {
    vi.stubEnv('PATH', '/no/such/folder');
    onTestFinished(() => void vi.unstubAllEnvs());
    const { ended } = startCommand('true', { env: process.env, terminal: false });
    expect((await ended).exitCode).toBeLessThan(0);
  });

  test('that does not read its input ends all the same', async () => {
    const { ended } = startCommand('exec true', {
      env: process.env,
      input: 'x'.repeat(1024 * 1024),
      terminal: false,
    });
    await expect(ended).resolves.toEqual({ exitCode: 0, signal: null });
  });
});
