import { colourStyle, plainStyle, type Style, wantsColour } from '../report/style.js';
import type { Io } from './io.js';

/** Colours for standard output, where it shows them. */
export function styleOf({ env = {}, screen }: Pick<Io, 'env' | 'screen'>): Style {
  return wantsColour(env, screen !== undefined) ? colourStyle : plainStyle;
}
