import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { readIfThere, ScriptFailure } from './machine.js';

/** A file of a payload. */
export interface GivenFile {
  /** From the payload's folder on. */
  readonly path: string;
  readonly mode: number;
  readonly content: Buffer;
}

/** Days after which a certificate is exchanged though it is wanted for the same. */
const CERTIFICATE_DAYS = 180;

const DAY_MS = 86_400_000;

/** What `install_tree`, `install_certificates` and their opposites of lib.sh do, to the same files. */
export class Installs {
  readonly #root: string;
  readonly #lists: string;
  readonly #pki: string;
  readonly #say: (line: string) => void;

  constructor(root: string, say: (line: string) => void) {
    this.#root = root;
    this.#lists = path.join(root, 'var/lib/pai/files');
    this.#pki = path.join(root, 'etc/kubernetes/pki');
    this.#say = say;
  }

  /** Puts the files below `root/` in their places, and keeps their checksums by the name of a unit. */
  installTree(unit: string, files: readonly GivenFile[]): void {
    const given = files.filter((file) => file.path.startsWith('root/'));
    const entries = given
      .map((file) => ({ ...file, place: path.join(this.#root, file.path.slice('root/'.length)) }))
      .sort((a, b) => (a.path < b.path ? -1 : 1));
    for (const { place, content, mode } of entries) this.#install(place, content, mode);
    const wanted = new Set(entries.map(({ place }) => place));
    for (const [place] of this.#listed(unit) ?? []) if (!wanted.has(place)) rmSync(place, { force: true });
    const lines = entries.map(({ place, content }) => `${digest(content)}  ${place}\n`);
    write(this.#list(unit), lines.join(''));
  }

  /** The first file that is not as it was installed, in words; undefined when all are. */
  treeProblem(unit: string): string | undefined {
    const listed = this.#listed(unit);
    if (listed === undefined) return `the list of installed files is gone (${this.#list(unit)})`;
    const isAsInstalled = ([place, sum]: readonly [string, string]) => {
      const content = readIfThere(place);
      return content !== undefined && digest(content) === sum;
    };
    const changed = listed.find((entry) => !isAsInstalled(entry));
    return changed && `${changed[0]} was changed or removed by hand`;
  }

  removeTree(unit: string): void {
    const keys = path.join(this.#root, 'var/lib/pai/pki/');
    for (const [place] of this.#listed(unit) ?? []) if (!place.startsWith(keys)) rmSync(place, { force: true });
    rmSync(this.#list(unit), { force: true });
    if (existsSync(this.#lists) && readdirSync(this.#lists).length === 0) rmdirSync(this.#lists);
  }

  /** Docker's configuration as it is without what was added, if anything is left of it. */
  restoreDaemonJson(files: readonly GivenFile[]): void {
    const given = files.find((file) => file.path === 'daemon.json');
    if (given !== undefined) this.#install(path.join(this.#root, 'etc/docker/daemon.json'), given.content, given.mode);
  }

  /** Installs those of `certs/` that are new, for another use, or old. Gives the names of those. */
  installCertificates(files: readonly GivenFile[]): readonly string[] {
    const given = new Map(files.map((file) => [file.path, file.content]));
    this.#raiseGeneration(given.get('certs/generation') ?? Buffer.alloc(0));
    const names = files.flatMap(({ path: name }) => /^certs\/(.+)\.spec$/.exec(name)?.[1] ?? []).sort();
    return names.filter((name) => {
      const spec = given.get(`certs/${name}.spec`) ?? Buffer.alloc(0);
      const place = (kind: string) => path.join(this.#pki, `${name}.${kind}`);
      if (this.#isCurrent(place, spec)) return false;
      this.#say(`installing certificate ${name}`);
      rmSync(place('spec'), { force: true });
      for (const kind of ['crt', 'key', 'expires'] as const) {
        const content = given.get(`certs/${name}.${kind}`);
        if (content === undefined) throw new Error(`certs/${name}.${kind} is missing from the payload`);
        write(place(kind), content);
      }
      write(place('spec'), spec);
      return true;
    });
  }

  removeCertificates(names: readonly string[]): void {
    for (const name of names) {
      for (const kind of ['crt', 'key', 'spec', 'expires'])
        rmSync(path.join(this.#pki, `${name}.${kind}`), { force: true });
    }
  }

  /** Days until a certificate expires; undefined where that is not known. */
  daysLeft(name: string): number | undefined {
    const expires = readIfThere(path.join(this.#pki, `${name}.expires`));
    return expires === undefined ? undefined : Math.floor((Number(expires) * 1000 - Date.now()) / DAY_MS);
  }

  #raiseGeneration(given: Buffer): void {
    const place = path.join(this.#root, 'var/lib/pai/pki-generation');
    const known = readIfThere(place);
    if (known !== undefined && Number(given) < Number(known)) {
      throw new ScriptFailure(
        "error: these certificates were replaced since: move the folder pki of the configuration away, and pai reads the masters' copy back",
      );
    }
    write(place, given);
  }

  #isCurrent(place: (kind: string) => string, spec: Buffer): boolean {
    if (readIfThere(place('spec'))?.equals(spec) !== true) return false;
    const [certificate, key, own] = ['crt', 'key', 'spec'].map((kind) =>
      statSync(place(kind), { throwIfNoEntry: false }),
    );
    const age = Date.now() - (own?.mtimeMs ?? 0);
    return (certificate?.size ?? 0) > 0 && (key?.size ?? 0) > 0 && age < CERTIFICATE_DAYS * DAY_MS;
  }

  #install(place: string, content: Buffer, mode: number): void {
    if (readIfThere(place)?.equals(content) === true) {
      if ((statSync(place).mode & 0o7777) !== mode) chmodSync(place, mode);
      return;
    }
    this.#say(`writing ${place}`);
    const fresh = path.join(path.dirname(place), `.${path.basename(place)}.pai-new`);
    write(fresh, content, mode);
    renameSync(fresh, place);
  }

  #list(unit: string): string {
    return path.join(this.#lists, `${unit}.sha256`);
  }

  #listed(unit: string): readonly (readonly [place: string, sum: string])[] | undefined {
    const lines = readIfThere(this.#list(unit))?.toString().split('\n');
    return lines?.filter((line) => line !== '').map((line) => [line.slice(66), line.slice(0, 64)]);
  }
}

/** Writes a file, for root only unless another mode is given. Its folder is looked for only when it is missing. */
export function write(file: string, content: Buffer | string, mode = 0o600): void {
  try {
    writeFileSync(file, content, { mode });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    makeFolder(path.dirname(file));
    writeFileSync(file, content, { mode });
  }
}

/** As a script makes it: for root only. */
export function makeFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
}

function digest(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
