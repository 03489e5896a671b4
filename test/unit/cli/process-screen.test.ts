import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { VirtualTerminal } from '../report/virtual-terminal.js';
import { repository } from './project.js';

// A process of its own on a real pseudo-terminal (of util-linux's `script`); what it writes is shown on a virtual one.

/** Shows a target that runs until something happens by the first argument. */
const PROGRAM = `
  import { processScreen } from './src/cli/process-screen.ts';
  import { plainStyle } from './src/report/style.ts';
  import { ttyReporter } from './src/report/tty.ts';

  const began = Date.now();
  const reporter = ttyReporter(processScreen(), { style: plainStyle, verbose: false, began, resume: 'pai run' });
  const entry = (name) => ({ name, state: 'stale', reasons: [], mayBeCutOff: false });
  reporter.tell({ type: 'run-start', at: began, run: 'r', command: 'run', targets: ['a'], began });
  reporter.tell({ type: 'plan', at: began, entries: [entry('a'), entry('b')], before: { a: [], b: [] } });
  reporter.tell({ type: 'target-start', at: began, target: 'a', reasons: [] });
  await new Promise((resolve) => setTimeout(resolve, 700));
  console.log('a task uses the console');
  process.stderr.write(new TextEncoder().encode('and bytes\\n'), () => console.error('called back'));
  await new Promise((resolve) => setTimeout(resolve, 300));
  const size = processScreen().size();
  reporter.say(size.columns + 'x' + size.rows + '\\n');
  reporter.tell({ type: 'target-end', at: Date.now(), target: 'a', outcome: 'ran', seconds: 1 });
  if (process.argv[2] === 'throw') setTimeout(() => { throw new Error('thrown'); }, 300);
  else if (process.argv[2] === 'exit') setTimeout(() => process.exit(3), 300);
  else {
    reporter.close();
    console.log('afterwards');
  }
  await new Promise((resolve) => setTimeout(resolve, 600));
`;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'pai-screen-'));
  await build({
    stdin: { contents: PROGRAM, resolveDir: repository, loader: 'js' },
    outfile: path.join(folder, 'program.mjs'),
    bundle: true,
    platform: 'node',
    format: 'esm',
  });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function onTerminal(how: string): Promise<{ terminal: VirtualTerminal; raw: string; code: number }> {
  const command = `stty cols 60 rows 12; exec '${process.execPath}' '${path.join(folder, 'program.mjs')}' ${how}`;
  const child = spawn('script', ['-qec', command, '/dev/null'], { stdio: ['ignore', 'pipe', 'ignore'] });
  let raw = '';
  child.stdout.on('data', (chunk: Buffer) => {
    raw += chunk;
  });
  const [code] = await once(child, 'close');
  const terminal = new VirtualTerminal({ columns: 60, rows: 12 });
  terminal.write(raw);
  return { terminal, raw, code: Number(code) };
}

const there = spawnSync('script', ['--version']).status === 0;

describe.skipIf(!there)('a real terminal', () => {
  it('is drawn on and left in order, with what others wrote between', async () => {
    const { terminal, raw, code } = await onTerminal('close');
    expect(code).toBe(0);
    expect(raw).toContain('[....................]  0/2  1 running  1 waiting  ');
    expect(terminal.history()).toEqual([
      '2 to run, 0 fresh',
      'a task uses the console',
      'and bytes',
      'called back',
      '60x12',
      'done  a  1.0s',
      'afterwards',
    ]);
    expect(terminal.cursorVisible).toBe(true);
  });

  it.each([
    ['exit', 3],
    ['throw', 1],
  ])('is left in order when the process ends by %s', async (how, code) => {
    const ended = await onTerminal(how);
    expect(ended.code).toBe(code);
    expect(ended.raw).toContain('\x1b[?25l');
    expect(ended.terminal.cursorVisible).toBe(true);
    const lines = ended.terminal.history();
    expect(lines.slice(0, 6)).toEqual([
      '2 to run, 0 fresh',
      'a task uses the console',
      'and bytes',
      'called back',
      '60x12',
      'done  a  1.0s',
    ]);
    expect(lines.join('\n')).not.toContain('waiting');
    if (how === 'throw') expect(lines).toContain('Error: thrown');
  });
});
