import { createHmac } from 'node:crypto';
import { mkdir, open, readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { PaiError } from '../model/errors.js';
import { shellQuote } from './shell.js';

/** Who a key is looked up for. */
export interface KeyOwner {
  /** Name of the host, for messages. */
  readonly name: string;
  readonly kind?: 'host' | 'bastion';
  readonly address: string;
  readonly port: number;
}

interface Entry {
  readonly line: number;
  readonly revoked: boolean;
  readonly patterns: readonly string[];
  readonly type: string;
  /** Base64 of the key's wire form. */
  readonly key: string;
}

/** What the file says, so that a host among very many is found without looking at all of them. */
interface Known {
  /** Bytes of the file. */
  size: number;
  lines: number;
  /** Entries that only name hosts, by each name. */
  readonly named: Map<string, Entry[]>;
  /** Entries with patterns, hashes and exceptions. */
  readonly others: Entry[];
}

/**
 * A known_hosts file in OpenSSH's format: plain, listed, wildcard and hashed names, `@revoked`. Lines with
 * `@cert-authority` are skipped. It is read once a run, and again when it is not as it was before something is appended to it.
 */
export class KnownHosts {
  readonly #path: string;
  #known: Promise<Known> | undefined;
  /** Appends happen one after the other. */
  #last: Promise<void> = Promise.resolve();

  constructor(path: string) {
    this.#path = path;
  }

  get path(): string {
    return this.#path;
  }

  /** Types of the keys that are known for a host, so that these are asked for first. */
  async types(owner: KeyOwner): Promise<readonly string[]> {
    const entries = entriesOf(await this.#load(), owner);
    return [...new Set(entries.filter((entry) => !entry.revoked).map((entry) => entry.type))];
  }

  /**
   * Compares the key that a host showed (wire form) with the known ones.
   * @throws PaiError HOST_KEY_CHANGED when others are known for it, or this one is revoked.
   */
  async check(owner: KeyOwner, key: Buffer): Promise<'known' | 'new'> {
    return this.#judge(await this.#load(), owner, key);
  }

  /** Appends a key that was seen for the first time. Another process may have done so meanwhile: then it is compared. */
  async add(owner: KeyOwner, key: Buffer): Promise<void> {
    const added = this.#last.then(async () => {
      const known = await this.#current();
      if (this.#judge(known, owner, key) === 'known') return;
      const line = `${hostPattern(owner)} ${keyType(key)} ${key.toString('base64')}\n`;
      const size = await this.#append(line);
      if (size === known.size + line.length) {
        enter(known, line.trimEnd());
        known.size = size;
      } else {
        // Somebody else added to it, too.
        this.#known = undefined;
      }
    });
    this.#last = added.catch(() => {});
    await added;
  }

  #judge(known: Known, owner: KeyOwner, key: Buffer): 'known' | 'new' {
    const encoded = key.toString('base64');
    const ours = entriesOf(known, owner);
    const revoked = ours.find((entry) => entry.revoked && entry.key === encoded);
    const valid = ours.filter((entry) => !entry.revoked);
    const kind = owner.kind ?? 'host';
    const who = `${kind} ${owner.name} (${owner.address}:${owner.port})`;
    if (revoked !== undefined) {
      throw new PaiError('HOST_KEY_CHANGED', `${who} shows a key that is marked as revoked`, {
        where: `${this.#path}:${revoked.line}`,
        next: `Do not connect. Find out who answers at this address, and give the ${kind} a new key.`,
      });
    }
    if (valid.some((entry) => entry.key === encoded)) return 'known';
    const [first] = valid;
    if (first === undefined) return 'new';
    const remove = `ssh-keygen -R ${shellQuote(hostPattern(owner))} -f ${shellQuote(this.#path)}`;
    // Also when it is of another type: who answers in the host's place could offer just that.
    throw new PaiError('HOST_KEY_CHANGED', `${who} shows another key than the one known for it`, {
      where: `${this.#path}:${first.line}`,
      next: `If the ${kind} was set up anew, remove its old key and run again: ${remove}`,
      details: [`known: ${valid.map((entry) => entry.type).join(', ')}; shown: ${keyType(key)}`],
    });
  }

  #load(): Promise<Known> {
    this.#known ??= readFile(this.#path).then(
      (content) => readKnown(content),
      (error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return readKnown(Buffer.alloc(0));
        throw this.#unusable('read', error);
      },
    );
    return this.#known;
  }

  /** As the file is now: another process may have added to it. */
  async #current(): Promise<Known> {
    const known = await this.#load();
    const size = await stat(this.#path).then(
      (found) => found.size,
      () => 0,
    );
    if (size === known.size) return known;
    this.#known = undefined;
    return this.#load();
  }

  /** Gives the size of the file afterwards. */
  async #append(line: string): Promise<number> {
    try {
      await mkdir(dirname(this.#path), { recursive: true });
      const file = await open(this.#path, 'a+', 0o600);
      try {
        const { size } = await file.stat();
        const last = Buffer.alloc(1);
        if (size > 0) await file.read(last, 0, 1, size - 1);
        // One write in append mode: lines of several processes do not mix.
        await file.write(size > 0 && last[0] !== 0x0a ? `\n${line}` : line);
        return (await file.stat()).size;
      } finally {
        await file.close();
      }
    } catch (error) {
      throw this.#unusable('write', error);
    }
  }

  #unusable(what: string, error: unknown): PaiError {
    const reason = error instanceof Error ? error.message : String(error);
    return new PaiError('LOCAL_FILE', `can't ${what} the file of known host keys: ${reason}`, {
      where: this.#path,
      next: 'Make the file readable and writable for yourself.',
      cause: error,
    });
  }
}

/** How OpenSSH names a host in the file. */
export function hostPattern(owner: Pick<KeyOwner, 'address' | 'port'>): string {
  const address = owner.address.toLowerCase();
  return owner.port === 22 ? address : `[${address}]:${owner.port}`;
}

/** `ssh-ed25519` and the like: the first string of the key's wire form. */
export function keyType(key: Buffer): string {
  return key.subarray(4, 4 + key.readUInt32BE(0)).toString('latin1');
}

function readKnown(content: Buffer): Known {
  const known: Known = { size: content.length, lines: 0, named: new Map(), others: [] };
  const lines = content.toString('utf8').split('\n');
  // What follows the last newline is a line of its own only when there is something.
  if (lines.at(-1) === '') lines.pop();
  for (const line of lines) enter(known, line);
  return known;
}

function enter(known: Known, line: string): void {
  known.lines += 1;
  const words = line.trim().split(/\s+/);
  const marker = words[0]?.startsWith('@') ? words.shift() : undefined;
  const [names, type, key] = words;
  if (names === undefined || names.startsWith('#') || type === undefined || key === undefined) return;
  if (marker !== undefined && marker !== '@revoked') return;
  const patterns = names.split(',');
  const entry = { line: known.lines, revoked: marker !== undefined, patterns, type, key };
  if (patterns.some((pattern) => /^[|!]|[*?]/.test(pattern))) {
    known.others.push(entry);
    return;
  }
  for (const name of new Set(patterns.map((pattern) => pattern.toLowerCase()))) {
    known.named.set(name, [...(known.named.get(name) ?? []), entry]);
  }
}

/** Entries for a host, in the order of the file. */
function entriesOf(known: Known, owner: KeyOwner): readonly Entry[] {
  const named = known.named.get(hostPattern(owner)) ?? [];
  const others = known.others.filter((entry) => matches(entry, owner));
  return others.length === 0 ? named : [...named, ...others].sort((one, other) => one.line - other.line);
}

function matches(entry: Entry, owner: KeyOwner): boolean {
  const name = hostPattern(owner);
  let found = false;
  for (const pattern of entry.patterns) {
    if (pattern.startsWith('|1|')) {
      const [, , salt, hash] = pattern.split('|');
      if (salt === undefined || hash === undefined) continue;
      found ||= createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest('base64') === hash;
    } else if (pattern.startsWith('!')) {
      if (matchesPattern(pattern.slice(1), name)) return false;
    } else {
      found ||= matchesPattern(pattern, name);
    }
  }
  return found;
}

function matchesPattern(pattern: string, name: string): boolean {
  if (!/[*?]/.test(pattern)) return pattern.toLowerCase() === name;
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, 'i').test(name);
}
