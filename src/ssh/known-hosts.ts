import { createHmac } from 'node:crypto';
import { mkdir, open, readFile } from 'node:fs/promises';
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

/**
 * A known_hosts file in OpenSSH's format: plain, listed, wildcard and hashed names, `@revoked`. Lines with
 * `@cert-authority` are skipped. It is read once a run, and again before something is appended to it.
 */
export class KnownHosts {
  readonly #path: string;
  #entries: Promise<readonly Entry[]> | undefined;
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
    const entries = await this.#load();
    return [...new Set(entries.filter((entry) => !entry.revoked && matches(entry, owner)).map((entry) => entry.type))];
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
      this.#entries = undefined;
      if (this.#judge(await this.#load(), owner, key) === 'known') return;
      await this.#append(`${hostPattern(owner)} ${keyType(key)} ${key.toString('base64')}\n`);
      this.#entries = undefined;
    });
    this.#last = added.catch(() => {});
    await added;
  }

  #judge(entries: readonly Entry[], owner: KeyOwner, key: Buffer): 'known' | 'new' {
    const encoded = key.toString('base64');
    const ours = entries.filter((entry) => matches(entry, owner));
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

  #load(): Promise<readonly Entry[]> {
    this.#entries ??= readFile(this.#path, 'utf8').then(parseEntries, (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return [];
      throw this.#unusable('read', error);
    });
    return this.#entries;
  }

  async #append(line: string): Promise<void> {
    try {
      await mkdir(dirname(this.#path), { recursive: true });
      const file = await open(this.#path, 'a+', 0o600);
      try {
        const { size } = await file.stat();
        const last = Buffer.alloc(1);
        if (size > 0) await file.read(last, 0, 1, size - 1);
        // One write in append mode: lines of several processes do not mix.
        await file.write(size > 0 && last[0] !== 0x0a ? `\n${line}` : line);
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

function parseEntries(text: string): readonly Entry[] {
  const entries: Entry[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    const words = line.trim().split(/\s+/);
    const marker = words[0]?.startsWith('@') ? words.shift() : undefined;
    const [patterns, type, key] = words;
    if (patterns === undefined || patterns.startsWith('#') || type === undefined || key === undefined) continue;
    if (marker !== undefined && marker !== '@revoked') continue;
    entries.push({ line: index + 1, revoked: marker !== undefined, patterns: patterns.split(','), type, key });
  }
  return entries;
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
