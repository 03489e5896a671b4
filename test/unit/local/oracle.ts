import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import type { LocalTask } from '../../../src/model/local.js';

/** A target of a random project. */
export interface Spec {
  readonly name: string;
  readonly inputs: readonly string[] | undefined;
  readonly outputs: readonly string[] | undefined;
  readonly value: number;
  readonly command: string;
  readonly env: readonly string[];
  readonly needs: readonly string[];
  readonly after: readonly string[];
  /** Changes nothing of what it does. */
  readonly timeoutSeconds: number;
}

/** A file as everybody agrees on it: its kind, mode and content. */
export interface Seen {
  readonly kind: string;
  readonly mode: number;
  readonly content: string;
}

/** All files of a project but those of `.cache`, read whole. */
export function readAll(root: string): Map<string, Seen> {
  const files = new Map<string, Seen>();
  const visit = (folder: string): void => {
    for (const name of readdirSync(path.join(root, folder))) {
      const file = folder === '' ? name : `${folder}/${name}`;
      if (name === '.cache') continue;
      const stats = lstatSync(path.join(root, file));
      if (stats.isDirectory()) visit(file);
      else if (stats.isSymbolicLink()) {
        const target = path.join(root, file);
        const there = existsSync(target);
        const content = `${readlinkSync(target)} -> ${there ? readFileSync(target, 'utf8') : 'nothing'}`;
        files.set(file, { kind: 'link', mode: there ? statSync(target).mode & 0o777 : 0, content });
      } else {
        files.set(file, {
          kind: 'file',
          mode: stats.mode & 0o777,
          content: readFileSync(path.join(root, file), 'utf8'),
        });
      }
    }
  };
  visit('');
  return files;
}

/** What the fake command of a target writes: few different contents, so that runs are often cut off. */
export function contentsOf(
  spec: Spec,
  files: ReadonlyMap<string, Seen>,
  specs: ReadonlyMap<string, Spec>,
): Map<string, string> {
  const reads = matching(spec.inputs ?? [], spec.outputs ?? [], files);
  const below = [...spec.needs].sort().flatMap((need) => matching(specs.get(need)?.outputs ?? [], [], files));
  const seen = [...reads, ...below].map((file) => `${file}=${files.get(file)?.content}`);
  const digest = createHash('sha256')
    .update(JSON.stringify([spec.value, spec.command, seen]))
    .digest();
  const made = new Map<string, string>();
  for (const output of spec.outputs ?? []) {
    if (!output.endsWith('/**')) made.set(output, `${output} ${(digest[0] ?? 0) % 2}`);
    // Of a glob: one or two files, by what was read.
    else for (let file = 0; file <= (digest[1] ?? 0) % 2; file++) made.set(`${output.slice(0, -2)}f${file}`, `${file}`);
  }
  return made;
}

/** Writes what a fake command writes. `half`: as far as it gets before it dies. */
export function writeOutputs(root: string, made: ReadonlyMap<string, string>, half = false): void {
  for (const [file, content] of made) {
    const place = path.join(root, file);
    mkdirSync(path.dirname(place), { recursive: true });
    writeFileSync(place, half ? content.slice(0, content.length / 2) : content);
    chmodSync(place, 0o644);
    if (half) return;
  }
}

/** What is remembered of a target that ran well: everything that it depended on, and everything that it made. */
interface Ledger {
  readonly inputs: string;
  readonly outputs: string;
  /** What those that need it see. */
  readonly seen: string;
}

/** Remembers whole files and compares them all: knows what has to run, and is far too slow to be of any use. */
export class Oracle {
  readonly #ledger = new Map<string, Ledger>();
  #runs = 0;

  /**
   * What a run of everything must do from these files on; `files` becomes what it leaves. `fails`: targets whose command dies
   * when it is run.
   */
  run(
    specs: ReadonlyMap<string, Spec>,
    files: Map<string, Seen>,
    env: Readonly<Record<string, string>>,
    fails: ReadonlySet<string> = new Set(),
  ): Map<string, 'ran' | 'fresh' | 'failed' | 'skipped'> {
    this.#runs++;
    const outcomes = new Map<string, 'ran' | 'fresh' | 'failed' | 'skipped'>();
    // What a plan made before the run can't call fresh, and what is fresh and stands behind something that failed.
    const open = new Set<string>();
    const blocked = new Set<string>();
    for (const spec of specs.values()) {
      const { name } = spec;
      const inputs = this.#inputs(spec, files, env);
      const known = this.#ledger.get(name);
      const same = spec.inputs !== undefined && known?.inputs === inputs && known.outputs === outputsOf(spec, files);
      if (!same || spec.needs.some((need) => open.has(need))) open.add(name);
      if ([...spec.needs, ...spec.after].some((need) => blocked.has(need))) {
        blocked.add(name);
        outcomes.set(name, open.has(name) ? 'skipped' : 'fresh');
        continue;
      }
      if (same) {
        outcomes.set(name, 'fresh');
        continue;
      }
      this.#ledger.delete(name);
      const made = contentsOf(spec, files, specs);
      if (fails.has(name)) {
        outcomes.set(name, 'failed');
        blocked.add(name);
        const [first] = made;
        if (first !== undefined) files.set(first[0], file(first[1].slice(0, first[1].length / 2)));
        continue;
      }
      for (const [path, content] of made) files.set(path, file(content));
      const outputs = outputsOf(spec, files);
      const seen = spec.outputs !== undefined ? withoutModes(spec, files) : inputs;
      this.#ledger.set(name, {
        inputs,
        outputs,
        seen: spec.inputs || spec.outputs ? seen : `${seen}${this.#runs}`,
      });
      outcomes.set(name, 'ran');
    }
    return outcomes;
  }

  #inputs(spec: Spec, files: ReadonlyMap<string, Seen>, env: Readonly<Record<string, string>>): string {
    const reads = matching(spec.inputs ?? [], spec.outputs ?? [], files).map((name) => [
      name,
      asInput(files.get(name)),
    ]);
    const needs = [...spec.needs].sort().map((need) => [need, this.#ledger.get(need)?.seen]);
    const variables = spec.env.map((name) => [name, env[name] ?? null]);
    const { name, command, value, outputs } = spec;
    return JSON.stringify([name, command, value, outputs && [...outputs].sort(), variables, reads, needs]);
  }
}

/** The task of a target, as a paifile has it. */
export function taskOf(spec: Spec): LocalTask {
  return {
    ...(spec.inputs && { inputs: spec.inputs }),
    ...(spec.outputs && { outputs: spec.outputs }),
    ...(spec.env.length > 0 && { env: spec.env }),
    values: { value: spec.value },
    run: { pieces: [spec.command], values: [] },
  };
}

function file(content: string): Seen {
  return { kind: 'file', mode: 0o644, content };
}

/** Of the modes of inputs only the x bit counts. */
function asInput(seen: Seen | undefined): string {
  return JSON.stringify([seen?.kind, ((seen?.mode ?? 0) & 0o100) !== 0, seen?.content]);
}

function outputsOf(spec: Spec, files: ReadonlyMap<string, Seen>): string {
  return JSON.stringify(matching(spec.outputs ?? [], [], files).map((name) => [name, files.get(name)]));
}

function withoutModes(spec: Spec, files: ReadonlyMap<string, Seen>): string {
  return JSON.stringify(matching(spec.outputs ?? [], [], files).map((name) => [name, asInput(files.get(name))]));
}

/** The few kinds of patterns that random projects have: a name, `folder/*`, `folder/**`, and `!name`. */
function matching(patterns: readonly string[], left: readonly string[], files: ReadonlyMap<string, Seen>): string[] {
  const matches = (pattern: string, name: string): boolean => {
    if (pattern.endsWith('/**')) return name.startsWith(pattern.slice(0, -2));
    if (!pattern.endsWith('/*')) return name === pattern;
    return name.startsWith(pattern.slice(0, -1)) && !name.slice(pattern.length - 1).includes('/');
  };
  const taken = [...left, ...patterns.filter((one) => one.startsWith('!')).map((one) => one.slice(1))];
  const names = [...files.keys()].filter((name) => patterns.some((pattern) => matches(pattern, name)));
  return names.filter((name) => !taken.some((pattern) => matches(pattern, name))).sort();
}
