import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { load } from 'js-yaml';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectEnd, root } from '../whole/project.js';
import { RigProject, rig } from './rig.js';

/**
 * The examples of docs/ci.md, as they stand there, against a cluster that nothing has changed: a fresh clone (of the last
 * commit) with an empty .cache does nothing. On the cluster of h1 and h2: the one that is there, else a new one.
 */
const call = promisify(execFile);
let project: RigProject;
let work: string;
let clone: string;
let secret: string;

beforeAll(async () => {
  await rig('up.sh', 'h1', 'h2');
  project = await RigProject.create('h1', 'h2');
  expectEnd(await project.pai('run', 'services'), { failed: 0, skipped: 0 });
  work = await mkdtemp(path.join(tmpdir(), 'pai-ci-test-'));
  clone = path.join(work, 'clone');
  const pack = 'tar -C "$1" --exclude=./pki -cz . | base64 -w 0';
  expect((await readFile(path.join(root, 'docs/ci.md'), 'utf8')).replace('cluster-configuration', '"$1"')).toContain(
    pack,
  );
  secret = (await call('sh', ['-c', pack, 'sh', project.configuration])).stdout;
});

afterAll(async () => {
  await rm(work, { recursive: true, force: true });
  await project.remove();
});

interface GitHubJob {
  readonly steps: readonly { readonly run?: string; readonly if?: string; readonly env?: object }[];
}

interface GitLabJob {
  readonly before_script: readonly string[];
  readonly script: readonly string[];
  readonly after_script: readonly string[];
}

/** The first job of each example. */
async function jobs(): Promise<{ readonly github: GitHubJob; readonly gitlab: GitLabJob }> {
  const text = await readFile(path.join(root, 'docs/ci.md'), 'utf8');
  const [github, gitlab] = [...text.matchAll(/^```yaml\n(.*?)^```/gms)].map(([, yaml = '']) => load(yaml));
  const { jobs } = github as { jobs: { cluster: GitHubJob } };
  return { github: jobs.cluster, gitlab: (gitlab as { cluster: GitLabJob }).cluster };
}

/** Runs a script in a fresh clone, as a runner does: stops at the first command that fails. Resolves to its output. */
async function script(text: string, variables: Readonly<Record<string, string>>): Promise<string> {
  const env = { ...process.env, CI: 'true', CLUSTER_CONFIGURATION: secret, ...variables };
  const { stdout, stderr } = await call('bash', ['-e', '-c', text], { cwd: clone, env, maxBuffer: 1 << 26 });
  return stdout + stderr;
}

async function freshClone(): Promise<void> {
  await rm(clone, { recursive: true, force: true });
  await call('git', ['clone', '-q', '--depth=1', `file://${root}`, clone]);
}

describe('the examples of docs/ci.md', () => {
  it('as a job of GitHub Actions: a pull request is told that nothing would run, what lands does nothing', async () => {
    await freshClone();
    const { github } = await jobs();
    const summary = path.join(work, 'summary.md');
    const variables = { GITHUB_ACTIONS: 'true', RUNNER_TEMP: work, GITHUB_STEP_SUMMARY: summary };
    const scripts = (event: string) =>
      github.steps
        .filter((step) => step.if === undefined || step.if === 'always()' || step.if.includes(`'${event}'`))
        .flatMap((step) => step.run ?? []);
    expect(await script(scripts('pull_request').join('\n'), variables)).toContain('0 to run, 12 fresh');
    expect(await script(scripts('push').slice(1).join('\n'), variables)).toContain('nothing to do: 12 fresh');
    expect(await call('ls', [work])).toMatchObject({ stdout: expect.not.stringMatching(/^cluster$/m) });
  });

  it('as a job of GitLab: the default branch does nothing', async () => {
    await freshClone();
    const { gitlab } = await jobs();
    const text = [...gitlab.before_script, ...gitlab.script, ...gitlab.after_script].join('\n');
    const variables = { CI_COMMIT_BRANCH: 'main', CI_DEFAULT_BRANCH: 'main' };
    expect(await script(text, variables)).toContain('nothing to do: 12 fresh');
  });
});
