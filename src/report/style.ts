/** Colours for what matters; each function returns its text with or without them. */
export interface Style {
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly caution: (text: string) => string;
  readonly busy: (text: string) => string;
  readonly quiet: (text: string) => string;
}

/** No colours. */
export const plainStyle: Style = { good: same, bad: same, caution: same, busy: same, quiet: same };

/** The eight colours that every terminal has, in the shades that its user chose. */
export const colourStyle: Style = {
  good: sgr(32, 39),
  bad: sgr(31, 39),
  caution: sgr(33, 39),
  busy: sgr(36, 39),
  quiet: sgr(2, 22),
};

/** The environment as `process.env` has it. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Whether to colour: as FORCE_COLOR says if it is set (`0` and `false` say no), else not with NO_COLOR, else only on a terminal
 * that can, outside of CI.
 */
export function wantsColour(environment: Environment, isTerminal: boolean): boolean {
  const { FORCE_COLOR, NO_COLOR } = environment;
  if (FORCE_COLOR !== undefined) return !['0', 'false'].includes(FORCE_COLOR);
  return !isSet(NO_COLOR) && isTerminal && canMoveCursor(environment);
}

/** Whether a terminal in this environment is one that somebody watches and that can be redrawn. */
export function canMoveCursor({ CI, TERM }: Environment): boolean {
  return TERM !== 'dumb' && (!isSet(CI) || CI === 'false');
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== '';
}

function same(text: string): string {
  return text;
}

function sgr(on: number, off: number): (text: string) => string {
  return (text) => (text === '' ? '' : `\x1b[${on}m${text}\x1b[${off}m`);
}
