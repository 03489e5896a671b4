import { rmSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { complete } from '../../../src/cli/commands/complete.js';
import { makeProject, pai } from './project.js';

/** Asks for the configuration, and does nothing with its machines. */
const PAIFILE = `
import { outFile } from './tasks/out-file.js';

export default {
  write({ cluster, project, target }: any) {
    target('first', () => outFile(project.root, cluster.hosts[0].name), { description: 'first' });
  },
};
`;

let root: string;
let file: string;

beforeEach(async () => {
  root = await makeProject(PAIFILE);
  file = path.join(root, 'cluster-configuration/cluster-configuration.yaml');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** Makes one warning: the line where it is. */
async function withOldSpelling(): Promise<number> {
  const text = await readFile(file, 'utf8');
  await writeFile(file, text.replace('\n    machine-type:', '\n    machinetype:'));
  return text.slice(0, text.indexOf('\n    machine-type:')).split('\n').length + 1;
}

describe('what of a configuration may not be meant so', () => {
  it('is told on standard error, once, and changes no exit code', async () => {
    const line = await withOldSpelling();
    const warning = `warning: ${file}:${line}:5: machinetype is taken for machine-type; write machine-type\n`;
    for (const words of [['plan'], ['run', 'first'], ['plan'], ['why', 'first'], ['clean', 'first', '--yes']]) {
      const said = await pai(root, ...words);
      expect(said.stderr, words.join(' ')).toBe(warning);
      expect(said.exitCode, words.join(' ')).toBe(0);
    }
  });

  it('is not told to who only asks for names', async () => {
    await withOldSpelling();
    for (const words of [['list'], ['graph']]) {
      expect(await pai(root, ...words)).toMatchObject({ exitCode: 0, stderr: '' });
    }
    let said = '';
    const write = (text: string): void => {
      said += text;
    };
    await complete(['run', 'fi'], { cwd: root, stdout: write, stderr: write, onInterrupt: () => () => {} });
    expect(said).toBe('first\tfirst\n');
  });

  it('is told beside what is wrong', async () => {
    const line = await withOldSpelling();
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.replace('k8s-role: worker', 'k8s-role: wroker'));
    const said = await pai(root, 'plan');
    expect(said.exitCode).toBe(2);
    expect(said.stderr).toContain(`warning: ${file}:${line}:5: machinetype`);
    expect(said.stderr).toContain('k8s-role must be master or worker or proxy, not "wroker"');
  });

  it('is nothing of the example', async () => {
    expect((await pai(root, 'plan')).stderr).toBe('');
  });
});
