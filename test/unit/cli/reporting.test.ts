import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { reflows } from '../../../src/cli/process-screen.js';
import { defaultFormat } from '../../../src/cli/reporting.js';
import { VirtualTerminal } from '../report/virtual-terminal.js';
import { filesOf, makeProject, PAIFILE, pai, startIn, writeProjectFile } from './project.js';

let root: string;
beforeEach(async () => {
  root = await makeProject();
});
afterEach(() => rm(root, { recursive: true, force: true, maxRetries: 5 }));

const FAILING = PAIFILE.replace(
  "outFile(project.root, 'authorities')",
  "outFile(project.root, 'x', async () => { throw new TypeError('no such thing'); })",
);

describe('a run is told', () => {
  const terminal = new VirtualTerminal({ columns: 80, rows: 24 });

  it.each([
    ['plain where nobody looks on', {}, undefined, 'plain'],
    ['live on a terminal', { TERM: 'xterm' }, terminal, 'tty'],
    ['plain on a dumb terminal', { TERM: 'dumb' }, terminal, 'plain'],
    ['plain in CI', { CI: 'true' }, terminal, 'plain'],
    ['in the way of GitHub there', { CI: 'true', GITHUB_ACTIONS: 'true' }, undefined, 'github'],
  ] as const)('%s', (_, env, screen, format) => {
    expect(defaultFormat({ env, ...(screen && { screen }) })).toBe(format);
  });
});

describe('--output', () => {
  it('tty writes to the terminal and leaves it in order', async () => {
    const terminal = new VirtualTerminal({ columns: 80, rows: 24 });
    const { exitCode, stdout, stderr } = await startIn({ screen: terminal }, root, 'run', 'workers').said;
    expect({ exitCode, stdout, stderr }).toEqual({ exitCode: 0, stdout: '', stderr: '' });
    const lines = terminal.history();
    expect(lines[0]).toBe('3 to run, 0 fresh');
    expect(lines.slice(1, 4).map((line) => line.split(/ +/).slice(0, 2).join(' '))).toEqual(
      expect.arrayContaining(['done pki', 'done worker:h1', 'done worker:h2']),
    );
    expect(lines.at(-1)).toMatch(/^3 ran, 0 fresh, 0 failed, 0 skipped in /);
    expect(terminal.cursorVisible).toBe(true);
    expect(terminal.listening).toBe(0);
  });

  it('tty ends with what failed, and leaves the terminal in order', async () => {
    await writeProjectFile(root, 'paifile.ts', FAILING);
    const terminal = new VirtualTerminal({ columns: 80, rows: 24 });
    const { exitCode } = await startIn({ screen: terminal }, root, 'run', 'workers').said;
    expect(exitCode).toBe(1);
    expect(terminal.history()).toEqual(expect.arrayContaining(['pki failed', 'error INTERNAL: no such thing']));
    expect(terminal.history().at(-2)).toBe('resume with: pai run workers');
    expect(terminal.cursorVisible).toBe(true);
    expect(terminal.listening).toBe(0);
  });

  it('tty without a terminal ends with 2 before anything is touched', async () => {
    const { exitCode, stderr } = await pai(root, 'run', 'workers', '--output', 'tty');
    expect(exitCode).toBe(2);
    expect(stderr).toBe(
      'error USAGE: --output tty needs a terminal, and standard output is none\n' +
        '  next: Use --output plain or --output grouped, or leave it out.\n',
    );
    expect((await filesOf(root)).filter((file) => file.startsWith('out/'))).toEqual([]);
  });

  it('grouped tells logs in blocks', async () => {
    const { stdout } = await pai(root, 'run', 'pki', '--output', 'grouped');
    expect(stdout).toMatch(/\ndone {2}pki {2}\S+\n {2}\| working on authorities\n/);
  });

  it('is github under GitHub Actions: groups, annotations and a summary of the step', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'pai-summary-'));
    const summary = path.join(folder, 'summary.md');
    await writeFile(summary, 'before\n');
    const env = { GITHUB_ACTIONS: 'true', GITHUB_STEP_SUMMARY: summary, GITHUB_WORKSPACE: root };
    await writeProjectFile(root, 'paifile.ts', FAILING);
    const { exitCode, stdout } = await startIn({ env }, root, 'run', 'workers').said;
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/\n::group::fail {2}pki .*\n {2}\| working on x\n::endgroup::\n::error title=pki failed::/);
    expect(await readFile(summary, 'utf8')).toMatch(/^before\n### <code>pai run workers<\/code>: 0 ran, .* 1 failed/);
    await rm(folder, { recursive: true });
  });

  it('github annotates a mistake in the configuration at its place', async () => {
    const env = { GITHUB_ACTIONS: 'true', GITHUB_WORKSPACE: path.dirname(root) };
    await writeProjectFile(root, 'paifile.ts', 'export default 1 +;\n');
    const { exitCode, stdout } = await startIn({ env }, root, 'run', 'workers').said;
    expect(exitCode).toBe(2);
    expect(stdout).toMatch(new RegExp(`^::error file=${path.basename(root)}/paifile\\.ts,line=1,col=\\d+,title=pai::`));
  });

  it('warns about a summary that can not be written, and goes on', async () => {
    const env = { GITHUB_ACTIONS: 'true', GITHUB_STEP_SUMMARY: path.join(root, 'no/where.md') };
    const { exitCode, stderr } = await startIn({ env }, root, 'run', 'pki').said;
    expect(exitCode).toBe(0);
    expect(stderr).toMatch(/^warning: the step summary can't be written: ENOENT/);
  });
});

describe('--profile', () => {
  it('writes a trace, beside any output', async () => {
    const { exitCode, stdout } = await pai(root, 'run', 'workers', '--json', '--profile', 'trace.json');
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '')).toMatchObject({ type: 'run-end', ran: 3 });
    const trace: { traceEvents: { ph: string; name: string; dur: number }[] } = JSON.parse(
      await readFile(path.join(root, 'trace.json'), 'utf8'),
    );
    const spans = trace.traceEvents.filter(({ ph }) => ph === 'X');
    expect(spans.map(({ name }) => name).toSorted()).toEqual(['pki', 'planning', 'worker:h1', 'worker:h2']);
    expect(spans[0]?.dur).toBeGreaterThan(0);
  });

  it('replaces an older trace whole', async () => {
    await writeFile(path.join(root, 'trace.json'), 'x'.repeat(100_000));
    await pai(root, 'run', 'pki', '--profile', 'trace.json');
    expect(JSON.parse(await readFile(path.join(root, 'trace.json'), 'utf8'))).toHaveProperty('traceEvents');
  });

  it('that can not be written ends with 2 before anything is touched', async () => {
    const { exitCode, stderr } = await pai(root, 'run', 'pki', '--profile', 'no/where.json');
    expect(exitCode).toBe(2);
    expect(stderr).toContain("error USAGE: --profile no/where.json can't be written: ENOENT");
    expect((await filesOf(root)).filter((file) => file.startsWith('out/'))).toEqual([]);
  });
});

describe('the end of a run', () => {
  it('tells the whole time and what of it was planning, the same to people and machines', async () => {
    const slow = PAIFILE.replace(
      "outFile(project.root, 'authorities')",
      `({
        ...outFile(project.root, 'authorities'),
        observe: async () => {
          await new Promise((resolve) => setTimeout(resolve, 300));
          return { kind: 'known', present: false };
        },
      })`,
    );
    await writeProjectFile(root, 'paifile.ts', slow);
    const { stdout } = await pai(root, 'run', 'pki', '--json');
    const { seconds, planSeconds } = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '');
    expect(planSeconds).toBeGreaterThanOrEqual(0.29);
    expect(seconds).toBeGreaterThanOrEqual(planSeconds);
    const plain = await pai(root, 'run', 'pki');
    expect(Number(/ in ([\d.]+)s\n$/.exec(plain.stdout)?.[1])).toBeGreaterThanOrEqual(0.3);
  });
});

describe('pai graph', () => {
  it('draws what is named and all that it needs, touching nothing', async () => {
    const { exitCode, stdout } = await pai(root, 'graph', 'worker:h1');
    expect(exitCode).toBe(0);
    expect(stdout).toContain('  "pki" [label="pki", tooltip="certificate authorities"];\n');
    expect(stdout).toContain('  "pki" -> "worker:h1";\n');
    expect(stdout).not.toContain('worker:h2');
  });

  it('draws everything, for Mermaid and machines too', async () => {
    expect((await pai(root, 'graph', '--format', 'mermaid')).stdout).toMatch(
      /^flowchart LR\n {2}subgraph g0\["workers"\]\n/,
    );
    const { stdout } = await pai(root, 'graph', '--format=json');
    expect(JSON.parse(stdout).targets).toHaveLength(3);
  });
});

describe('a terminal breaks the lines of a narrower window', () => {
  it.each([
    [{ TERM: 'xterm-256color' }, true],
    [{ TERM: 'xterm-256color', XTERM_VERSION: 'XTerm(379)' }, false],
    [{ TERM: 'rxvt-unicode-256color' }, false],
    [{ TERM: 'st-256color' }, false],
    [{ TERM: 'linux' }, false],
    [{ TERM: 'screen-256color' }, false],
    [{ TERM: 'screen-256color', TMUX: '/tmp/tmux-0/default,1,0' }, true],
    [{}, true],
  ])('with %j: %s', (environment, does) => {
    expect(reflows(environment)).toBe(does);
  });
});
