import { spawn, spawnSync } from 'node:child_process';
import { chmod, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { type Installation, install, type Spawned, watch } from '../installation.js';
import { makeProject, PAIFILE } from '../project.js';

// In the real shells, with a terminal between: what is typed is typed, and the tab key is a tab.

let installation: Installation;
let root: string;

beforeAll(async () => {
  installation = await install();
  root = await makeProject(PAIFILE.replace("'h1'", "'alpha'").replace("'h2'", "'beta'"));
  const pai = path.join(installation.folder, 'pai');
  // What a shell made of a line is told instead of done.
  const script = `#!/bin/sh
case "$1" in __complete|completion) exec '${process.execPath}' '${installation.program}' "$@" ;; esac
echo "called: $*."
`;
  await writeFile(pai, script);
  await chmod(pai, 0o755);
});
afterAll(async () => {
  await installation.remove();
  await rm(root, { recursive: true, force: true });
});

function isThere(program: string): boolean {
  return spawnSync(program, ['--version']).status === 0;
}

function environment(): NodeJS.ProcessEnv {
  return {
    ...process.env,
    PATH: `${installation.folder}:${process.env.PATH}`,
    TERM: 'dumb',
    PS1: 'ready> ',
    HISTFILE: '',
  };
}

/** A shell at a terminal of its own. */
function shell(command: string): Spawned & { type(text: string): void } {
  const child = spawn('script', ['-qec', command, '/dev/null'], { cwd: root, env: environment() });
  const spawned = watch(child);
  onTestFinished(async () => {
    child.stdin.end('\x03\nexit\n');
    await Promise.race([spawned.said, new Promise((resolve) => setTimeout(resolve, 2000))]);
    child.kill('SIGKILL');
  });
  return { ...spawned, type: (text) => child.stdin.write(text) };
}

const interactive = [
  ['bash', 'bash --norc --noprofile -i', 'source <(pai completion bash)'],
  ['zsh', 'zsh -f -i', 'autoload -U compinit; compinit -u -D; source <(pai completion zsh)'],
] as const;

describe.each(interactive)('completion in %s', (name, command, load) => {
  test.runIf(isThere(name) && isThere('script'))(
    'fills in commands, targets with colons, and options',
    { timeout: 90_000 },
    async () => {
      const { type, until } = shell(command);
      type(`${load}; echo loaded''-now\n`);
      await until('loaded-now');
      for (const [typed, called] of [
        ['pai lis\tpk\t', 'called: list pki.'],
        ['pai run worker:al\tworker:b\t', 'called: run worker:alpha worker:beta.'],
        ['pai run --output=j\tpk\t', 'called: run --output=json pki.'],
        ['pai run --fai\t--exclude worker:b\t', 'called: run --fail-fast --exclude worker:beta.'],
      ] as const) {
        type(`${typed}\n`);
        await until(called);
      }
    },
  );
});

describe('completion in fish', () => {
  const complete = (line: string): string => {
    const script = `pai completion fish | source; complete -C '${line}'`;
    const { stdout, stderr } = spawnSync('fish', ['--no-config', '-c', script], {
      cwd: root,
      env: environment(),
      encoding: 'utf8',
    });
    expect(stderr).toBe('');
    return stdout;
  };

  test.runIf(isThere('fish'))(
    'offers commands, targets with colons, and options, with a few words',
    { timeout: 60_000 },
    () => {
      expect(complete('pai cl')).toBe('clean\ttake targets down, and only these\n');
      expect(complete('pai run worker:')).toMatch(/^worker:alpha.*\nworker:beta.*\n$/);
      expect(complete('pai run --fai')).toBe('--fail-fast\tstart nothing more after a failure\n');
      expect(complete('pai run --output ').match(/\w+/g)).toEqual(['github', 'grouped', 'json', 'plain', 'tty']);
    },
  );
});

test('says nothing where there is no project, whatever is typed', () => {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [installation.program, '__complete', 'run', '--x', 'a'],
    {
      cwd: installation.folder,
      encoding: 'utf8',
    },
  );
  expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '', stderr: '' });
});
