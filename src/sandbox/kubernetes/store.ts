import { closeSync, fstatSync, mkdirSync, openSync, readSync, renameSync, statSync, writeSync } from 'node:fs';
import path from 'node:path';
import type { Json, JsonObject } from '../../model/json.js';
import { isObject, numberAt, objectAt, textAt } from '../../model/json-path.js';
import { parseJson } from '../../model/parse-json.js';

/** Lines beyond which a file is written anew when most of them are of the past. */
const COMPACT_LINES = 2000;

/**
 * What etcd would hold: objects by key, in one file of JSON lines that is only appended to, so that a process may die at any
 * moment. A line: `{"revision": 7, "key": "...", "value": {...}}`, without a value for a deletion. Another process may append
 * too; `refresh` takes in what it wrote. Two must not write at once: pai's lock of a project sees to that.
 */
export class ObjectStore {
  readonly #file: string;
  readonly #objects = new Map<string, JsonObject>();
  #inode = 0;
  #offset = 0;
  #lines = 0;
  #revision = 0;
  /** A line without an end: its writer died, or writes it right now. */
  #torn = false;

  constructor(file: string) {
    this.#file = file;
    this.refresh();
  }

  /** Goes up with each write. */
  get revision(): number {
    return this.#revision;
  }

  get(key: string): JsonObject | undefined {
    return this.#objects.get(key);
  }

  /** Objects whose keys begin so, sorted by key. */
  list(prefix: string): readonly (readonly [key: string, object: JsonObject])[] {
    return [...this.#objects]
      .filter(([key]) => key.startsWith(prefix))
      .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  }

  /** Writes an object, made with the revision that this is. */
  put(key: string, make: (revision: number) => JsonObject): JsonObject {
    this.refresh();
    const revision = this.#revision + 1;
    const value = make(revision);
    this.#append({ revision, key, value });
    return value;
  }

  delete(key: string): void {
    this.refresh();
    this.#append({ revision: this.#revision + 1, key });
  }

  /** Reads what other processes wrote. */
  refresh(): void {
    const found = statSync(this.#file, { throwIfNoEntry: false });
    const offset = found === undefined || found.ino !== this.#inode || found.size < this.#offset ? 0 : this.#offset;
    if (offset === 0) this.#forget();
    if (found === undefined || found.size === offset) return;
    this.#inode = found.ino;
    const text = readFrom(this.#file, offset);
    const end = text.lastIndexOf(0x0a) + 1;
    for (const line of text.subarray(0, end).toString('utf8').split('\n')) this.#take(parseJson(line));
    this.#offset = offset + end;
    this.#torn = end < text.length;
  }

  #append(entry: JsonObject): void {
    mkdirSync(path.dirname(this.#file), { recursive: true });
    const line = `${this.#torn ? '\n' : ''}${JSON.stringify(entry)}\n`;
    const file = openSync(this.#file, 'a', 0o600);
    try {
      writeSync(file, line);
    } finally {
      closeSync(file);
    }
    this.refresh();
    if (this.#lines > COMPACT_LINES && this.#lines > 4 * this.#objects.size) this.#compact();
  }

  #compact(): void {
    const lines = [...this.#objects].map(([key, value]) => JSON.stringify({ revision: this.#revision, key, value }));
    const file = openSync(`${this.#file}.new`, 'w', 0o600);
    try {
      writeSync(file, `${lines.join('\n')}\n`);
    } finally {
      closeSync(file);
    }
    renameSync(`${this.#file}.new`, this.#file);
    this.refresh();
  }

  #take(entry: Json | undefined): void {
    const key = textAt(entry, 'key');
    if (key === undefined) return;
    this.#lines++;
    this.#revision = Math.max(this.#revision, numberAt(entry, 'revision'));
    const value = objectAt(entry).value;
    if (isObject(value)) this.#objects.set(key, value);
    else this.#objects.delete(key);
  }

  #forget(): void {
    this.#objects.clear();
    this.#inode = 0;
    this.#offset = 0;
    this.#lines = 0;
    this.#revision = 0;
    this.#torn = false;
  }
}

function readFrom(file: string, offset: number): Buffer {
  const descriptor = openSync(file, 'r');
  try {
    const content = Buffer.alloc(Math.max(fstatSync(descriptor).size - offset, 0));
    let length = 0;
    while (length < content.length) {
      const read = readSync(descriptor, content, length, content.length - length, offset + length);
      if (read === 0) break;
      length += read;
    }
    return content.subarray(0, length);
  } finally {
    closeSync(descriptor);
  }
}
