import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import type { ImageSource } from '../model/drivers.js';
import { PaiError } from '../model/errors.js';

type GitSource = Extract<ImageSource, { kind: 'git' }>;

const run = promisify(execFile);

/** A whole commit needs nobody to be asked what it is. */
const COMMIT = /^[0-9a-f]{40}$/;

/** Says that a repository itself, not the way to it, lacks something. */
const NOT_THERE =
  /not our ref|couldn't find remote ref|unadvertised object|reference is not a tree|unable to read tree/i;

/**
 * Checkouts of repositories, one a commit, without their `.git`, below a folder of `.cache`. A tag or branch is looked up once a run; a commit that
 * was checked out before asks nobody. Needs the program git.
 */
export class GitSources {
  readonly #folder: string;
  readonly #commits = new Map<string, Promise<string>>();
  readonly #checkouts = new Map<string, Promise<string>>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Absolute path of the tree of that revision. Fails with IMAGE_SOURCE. */
  async checkout(source: GitSource, signal: AbortSignal): Promise<string> {
    const { url, revision } = source;
    const commit = COMMIT.test(revision)
      ? revision
      : await once(this.#commits, `${url} ${revision}`, () => this.#lookUp(source, signal));
    return once(this.#checkouts, `${url} ${commit}`, () => this.#fetch(source, commit, signal));
  }

  async #lookUp(source: GitSource, signal: AbortSignal): Promise<string> {
    const { url, revision } = source;
    const names = [`refs/tags/${revision}^{}`, `refs/tags/${revision}`, `refs/heads/${revision}`, revision];
    const answer = await this.#git(source, ['ls-remote', '--', url, ...names], signal);
    const found = new Map(answer.split('\n').map((line) => [line.slice(41), line.slice(0, 40)] as const));
    const commit = names.map((name) => found.get(name)).find((one) => one !== undefined);
    if (commit === undefined) throw missingRevision(source);
    return commit;
  }

  async #fetch(source: GitSource, commit: string, signal: AbortSignal): Promise<string> {
    const place = path.join(this.#folder, createHash('sha256').update(source.url).digest('hex').slice(0, 16), commit);
    if (await isFolder(place)) return place;
    await mkdir(path.dirname(place), { recursive: true });
    const temporary = await mkdtemp(`${place}.`);
    try {
      const git = (...words: string[]) => this.#git(source, ['-C', temporary, ...words], signal);
      await git('init', '--quiet');
      try {
        await git('fetch', '--quiet', '--depth=1', '--', source.url, commit);
      } catch (error) {
        if (signal.aborted || !isNotThere(error)) throw error;
        // Some servers give a commit only to who takes the branch that it is on.
        await git('fetch', '--quiet', '--', source.url, '+refs/heads/*:refs/heads/*', '+refs/tags/*:refs/tags/*');
      }
      // The bytes of the repository, whatever this machine's git is set to.
      await git('-c', 'core.autocrlf=false', '-c', 'core.eol=lf', 'checkout', '--quiet', '--detach', commit);
      await rm(path.join(temporary, '.git'), { recursive: true });
      await rename(temporary, place).catch(async (error: unknown) => {
        if (!(await isFolder(place))) throw error;
      });
    } catch (error) {
      if (isNotThere(error)) throw missingRevision(source);
      throw error;
    } finally {
      await rm(temporary, { recursive: true, force: true });
    }
    return place;
  }

  async #git(source: GitSource, words: readonly string[], signal: AbortSignal): Promise<string> {
    // What this process was told about a repository of its own is not meant for this one.
    const { GIT_DIR: _, GIT_WORK_TREE: _tree, GIT_INDEX_FILE: _index, ...env } = process.env;
    try {
      const { stdout } = await run('git', words, {
        env: { ...env, GIT_TERMINAL_PROMPT: '0', LC_ALL: 'C' },
        maxBuffer: 1 << 26,
        signal,
      });
      return stdout;
    } catch (error) {
      if (signal.aborted) throw error;
      throw gitError(source, error);
    }
  }
}

function once<Value>(known: Map<string, Promise<Value>>, key: string, make: () => Promise<Value>): Promise<Value> {
  let value = known.get(key);
  if (value === undefined) {
    value = make();
    known.set(key, value);
    value.catch(() => known.delete(key));
  }
  return value;
}

function isFolder(place: string): Promise<boolean> {
  return stat(place).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

function isNotThere(error: unknown): boolean {
  return error instanceof PaiError && error.details.some((line) => NOT_THERE.test(line));
}

function missingRevision({ url, revision, where }: GitSource): PaiError {
  return new PaiError('IMAGE_SOURCE', `${url} has no commit, tag or branch ${revision}`, {
    where,
    next: `Correct revision at ${where}.`,
  });
}

function gitError({ url, where }: GitSource, error: unknown): PaiError {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
    return new PaiError('IMAGE_SOURCE', `the source ${url} needs git, which is not on this machine`, {
      where,
      next: `Install git, or name a folder at ${where}: path in place of git and revision.`,
      cause: error,
    });
  }
  const said = error instanceof Error && 'stderr' in error ? String(error.stderr) : String(error);
  return new PaiError('IMAGE_SOURCE', `git can't read the source ${url}`, {
    where,
    details: said.trim().split('\n').slice(-10),
    next: `Correct git at ${where}, or name a folder there: path in place of git and revision.`,
    cause: error,
  });
}
