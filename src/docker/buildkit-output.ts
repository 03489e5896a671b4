import { type BuildKitStatus, statusReader } from './buildkit-messages.js';
import type { BuildLog, EngineLog, EngineMessage } from './engine-output.js';

const TRACE = 'moby.buildkit.trace';

/** Turns the progress of a build by BuildKit into lines: a step when it begins, what it says, and whether it was cached. */
export class BuildKitLog implements BuildLog {
  readonly #log: EngineLog;
  readonly #read: (text: string) => BuildKitStatus;
  readonly #steps = new Map<string, string>();
  readonly #told = new Set<string>();
  /** By step: what came without a line's end, and its decoder. */
  readonly #rests = new Map<string, { text: string; readonly decoder: InstanceType<typeof TextDecoder> }>();
  #failed: string | undefined;

  private constructor(log: EngineLog, read: (text: string) => BuildKitStatus) {
    this.#log = log;
    this.#read = read;
  }

  static async create(log: EngineLog): Promise<BuildKitLog> {
    return new BuildKitLog(log, await statusReader());
  }

  /** The step that failed. */
  get step(): string | undefined {
    return this.#failed;
  }

  get last(): readonly string[] {
    return this.#log.last;
  }

  add(message: EngineMessage): void {
    if (message.id !== TRACE || message.aux === undefined) return;
    const { vertexes, logs } = this.#read(message.aux);
    for (const { digest, name, started, cached, completed, error } of vertexes) {
      this.#steps.set(digest, name);
      if (started && !this.#told.has(digest) && (cached || !completed || error !== '')) {
        this.#told.add(digest);
        this.#log.line(cached ? `${name}: cached` : name);
      }
      // What others say when one of them failed is that they were cancelled.
      if (error !== '' && !/context canceled/.test(error)) this.#failed ??= name;
    }
    for (const { vertex, bytes } of logs) this.#text(vertex, bytes);
  }

  end(): void {
    for (const { text, decoder } of this.#rests.values()) this.#log.line(text + decoder.decode());
    this.#rests.clear();
  }

  #text(vertex: string, bytes: Uint8Array): void {
    const rest = this.#rests.get(vertex) ?? { text: '', decoder: new TextDecoder() };
    this.#rests.set(vertex, rest);
    const lines = (rest.text + rest.decoder.decode(bytes, { stream: true })).split('\n');
    rest.text = lines.pop() ?? '';
    for (const line of lines) this.#log.line(line);
  }
}
