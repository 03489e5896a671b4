/**
 * Text from elsewhere (a host's output, an error of a registry) without what would move a terminal's cursor, colour it or
 * start a line of its own. Tabs stay.
 */
export function oneLine(text: string): string {
  return (
    text
      // Whole escape sequences first, so that their visible rest does not stay behind.
      .replaceAll(/\p{Cc}\[[0-9;?]*[A-Za-z]/gu, '')
      .replaceAll(/\s*[\r\n]+\s*/g, ' ')
      .replaceAll(/(?!\t)\p{Cc}/gu, '')
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

/** Pads to the widest of `texts`, so that columns line up. */
export function widthOf(texts: Iterable<string>): number {
  let width = 0;
  for (const text of texts) width = Math.max(width, text.length);
  return width;
}
