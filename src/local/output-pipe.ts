import { closeSync, constants, openSync, readSync } from 'node:fs';
import { Socket } from 'node:net';

/** Takes a chunk of an output; it may keep it. */
export type TakeChunk = (chunk: Buffer) => void;

/** Memory for what is read at once: outputs are read one after the other. */
const memory = Buffer.allocUnsafeSlow(64 * 1024);

/**
 * The reading end of a pipe that several commands write to, one after the other: each opens it anew (Linux lets it by /proc), so that
 * its end is seen when nobody can write to it any more, as with a pipe of its own.
 */
export class OutputPipe {
  /** Where writers open it. */
  readonly place: string;
  readonly #file: number;
  #stream: Socket | undefined;
  #streamEnd: Promise<void> = Promise.resolve();
  #closed = false;

  /** `source`: where the pipe is. Throws the system's error. */
  constructor(source: string) {
    this.#file = openSync(source, constants.O_RDONLY | constants.O_NONBLOCK);
    this.place = `/proc/${process.pid}/fd/${this.#file}`;
  }

  /** Reads as it comes, until nobody writes; which may be so already, when the command has not opened it yet. */
  follow(take: TakeChunk): void {
    if (this.#stream !== undefined || this.#closed) return;
    const file = openSync(this.place, constants.O_RDONLY | constants.O_NONBLOCK);
    const stream = new Socket({ fd: file, readable: true, writable: false });
    this.#stream = stream;
    this.#streamEnd = new Promise((resolve) => {
      stream.once('close', () => {
        this.#stream = undefined;
        resolve();
      });
    });
    stream.on('error', () => undefined);
    stream.on('data', take);
  }

  /** Reads what is there. True when that is all: nobody can write any more, and nobody else reads. */
  drain(take: TakeChunk): boolean {
    if (this.#stream !== undefined) return false;
    try {
      for (;;) {
        const read = readSync(this.#file, memory);
        if (read === 0) return true;
        take(Buffer.from(memory.subarray(0, read)));
      }
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'EAGAIN') return false;
      throw error;
    }
  }

  /** Reads to the end: whoever was left running with the output may write for long. Resolves at once after `close`. */
  async finish(take: TakeChunk): Promise<void> {
    while (!this.#closed && !this.drain(take)) {
      this.follow(take);
      await this.#streamEnd;
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#stream?.destroy();
    closeSync(this.#file);
  }
}
