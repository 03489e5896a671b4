import { stripVTControlCharacters } from 'node:util';

/** One JSON line of what Docker Engine tells while it builds, pulls or pushes. */
export interface EngineMessage {
  /** Output of a build. */
  readonly stream?: string;
  readonly status?: string;
  readonly id?: string;
  /** Present while bytes move: many a second. */
  readonly progress?: string;
  readonly error?: string;
  /** Progress of a build by BuildKit, base64. */
  readonly aux?: string;
}

/** What an answer of Docker Engine is told by. */
export interface BuildLog {
  /** The step that failed, or that began last. */
  readonly step: string | undefined;
  /** The last lines. */
  readonly last: readonly string[];
  add(message: EngineMessage): void;
  /** Tells what came without a line's end. */
  end(): void;
}

/** Last lines of output that an error carries. */
const KEPT_LINES = 20;
const STAMP_STEP = /^(Step \d+\/\d+ : LABEL pai\.stamp)=.*/;

/**
 * The JSON lines of an answer of Docker Engine. The engine library's own reader throws into the void on a broken line
 * and garbles characters that span two chunks.
 */
export async function* engineMessages(stream: AsyncIterable<Uint8Array | string>): AsyncGenerator<EngineMessage> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of stream) {
    rest += typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true });
    const lines = rest.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) yield* parseMessage(line);
  }
  yield* parseMessage(rest);
}

function* parseMessage(line: string): Generator<EngineMessage> {
  if (line.trim() === '') return;
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw new Error(`not a message of Docker Engine: ${line.slice(0, 200)}`);
  }
  if (typeof value !== 'object' || value === null) return;
  const text = (key: string) => {
    const field = (value as Record<string, unknown>)[key];
    return typeof field === 'string' ? { [key]: field } : {};
  };
  yield { ...text('stream'), ...text('status'), ...text('id'), ...text('progress'), ...text('error'), ...text('aux') };
}

/** Turns messages into whole lines without control characters, remembers the last of them and the step they belong to. */
export class EngineLog implements BuildLog {
  readonly #log: (line: string) => void;
  readonly #last: string[] = [];
  #step: string | undefined;
  #rest = '';

  constructor(log: (line: string) => void) {
    this.#log = log;
  }

  /** `Step 2/5 : RUN make`, the last that began. */
  get step(): string | undefined {
    return this.#step;
  }

  get last(): readonly string[] {
    return this.#last;
  }

  add(message: EngineMessage): void {
    if (message.stream !== undefined) this.#text(message.stream);
    // Bytes that moved are no news worth a line; what became of a layer is.
    if (message.status !== undefined && (message.progress ?? '') === '') {
      this.line(message.id === undefined ? message.status : `${message.id}: ${message.status}`);
    }
  }

  /** Tells what came without a line's end. */
  end(): void {
    this.#text('\n');
  }

  #text(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.line(line);
  }

  /** Tells a line. */
  line(raw: string): void {
    // A carriage return overwrites the line on a terminal: what it ended up as is the line.
    const shown = stripVTControlCharacters(raw.trimEnd().split('\r').at(-1) ?? '').trimEnd();
    // The stamp is a screenful of digests that tells nobody anything.
    const line = shown.replace(STAMP_STEP, '$1');
    if (line === '') return;
    if (/^Step \d+\/\d+ : /.test(line)) this.#step = line;
    this.#last.push(line);
    if (this.#last.length > KEPT_LINES) this.#last.shift();
    this.#log(line);
  }
}
