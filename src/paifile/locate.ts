import { readFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** A place in a source file; line and column start at 1. */
interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/**
 * Places in a bundle, told as places in the sources that it was made from.
 *
 * Node could do that itself (`--enable-source-maps`), but then it would read the maps of every package that is loaded
 * later as well, and a run is meant to be cheap; a place is asked for only when something is wrong.
 */
export class BundleSources {
  readonly #bundle: string;
  readonly #root: string;
  #map: SourceMap | undefined;

  /** `bundle` is the absolute path of a bundle with its source map inline; places are told relative to `root`. */
  constructor(bundle: string, root: string) {
    this.#bundle = bundle;
    this.#root = root;
  }

  /** Where in the sources an error was made, as `file:line:column`; undefined when no source is on its stack. */
  locate(error: Error): string | undefined {
    for (const line of stackOf(error)) {
      const frame = this.#frame(line);
      if (frame !== undefined) return frame.place;
    }
    return undefined;
  }

  /** The sources' lines of an error's stack trace: `at worker (tasks/workers.ts:12:3)`. */
  frames(error: Error): string[] {
    return stackOf(error).flatMap((line) => {
      const frame = this.#frame(line);
      return frame === undefined ? [] : [line.replace(frame.text, frame.place).trim()];
    });
  }

  /** A stack trace in which the bundle's frames are those of its sources. */
  mapStack(stack: string): string {
    return stack
      .split('\n')
      .map((line) => {
        const frame = this.#frame(line);
        return frame === undefined ? line : line.replace(frame.text, frame.place);
      })
      .join('\n');
  }

  /** The part of a stack trace's line that names a place in the bundle, and the place in the sources. */
  #frame(line: string): { text: string; place: string } | undefined {
    const match = /(file:\/\/[^\s()?]+)[^\s():]*:(\d+):(\d+)/.exec(line);
    if (match === null) return undefined;
    const [text, url = '', row, column] = match;
    if (fileURLToPath(url) !== this.#bundle) return undefined;
    const place = this.#original(Number(row), Number(column));
    return place === undefined ? undefined : { text, place: `${place.file}:${place.line}:${place.column}` };
  }

  #original(line: number, column: number): Place | undefined {
    this.#map ??= inlineMap(readFileSync(this.#bundle, 'utf8'));
    const entry = this.#map?.findEntry(line - 1, column - 1);
    if (entry === undefined || !('originalSource' in entry)) return undefined;
    const file = path.resolve(path.dirname(this.#bundle), entry.originalSource);
    return { file: path.relative(this.#root, file), line: entry.originalLine + 1, column: entry.originalColumn + 1 };
  }
}

function stackOf(error: Error): string[] {
  return (error.stack ?? '').split('\n');
}

function inlineMap(text: string): SourceMap | undefined {
  const match = /\n\/\/# sourceMappingURL=data:application\/json;base64,(\S+)\s*$/.exec(text);
  if (match?.[1] === undefined) return undefined;
  return new SourceMap(JSON.parse(Buffer.from(match[1], 'base64').toString()));
}
