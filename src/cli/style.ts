import { colourStyle, plainStyle, type Style } from '../report/style.js';
import type { Io } from './io.js';

/** Colours for standard output, where it shows them. */
export function styleOf(io: Io): Style {
  return io.colours === true ? colourStyle : plainStyle;
}
