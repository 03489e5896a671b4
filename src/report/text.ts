import { stripVTControlCharacters } from 'node:util';

/** Characters that turn the direction of text around, and the other line ends of Unicode. */
const DECEIVING = /[\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/**
 * Text from elsewhere (a host's output, an error of a registry) without what would move a terminal's cursor, colour it,
 * start a line of its own or show it in another order than it is. Tabs stay.
 */
export function oneLine(text: string): string {
  // Nearly all text; the rest costs more.
  if (/^[ -~\t]*$/.test(text)) return text;
  return (
    // Whole escape sequences first, so that their visible rest does not stay behind.
    stripVTControlCharacters(text)
      .replaceAll(/\p{Cc}\[[0-9;?]*[A-Za-z]/gu, '')
      .replaceAll(/\s*[\r\n]+\s*/g, ' ')
      .replaceAll(/(?!\t)\p{Cc}/gu, '')
      .replaceAll(DECEIVING, '')
  );
}

/** Seconds as people read them: `0.4s`, `41.2s`, `3m05s`, `1h02m`. */
export function duration(seconds: number): string {
  if (seconds < 59.95) return `${seconds.toFixed(1)}s`;
  const whole = Math.round(seconds);
  const two = (value: number) => String(value).padStart(2, '0');
  if (whole < 3600) return `${Math.floor(whole / 60)}m${two(whole % 60)}s`;
  return `${Math.floor(whole / 3600)}h${two(Math.floor((whole % 3600) / 60))}m`;
}

/** Whole seconds of something that goes on: `4s`, `3m05s`, `1h02m`. */
export function elapsed(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  return seconds < 60 ? `${seconds}s` : duration(seconds);
}

/** Pads to the widest of `texts`, so that columns line up. */
export function widthOf(texts: Iterable<string>): number {
  let width = 0;
  for (const text of texts) width = Math.max(width, text.length);
  return width;
}
