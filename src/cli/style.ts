import { colourStyle, type Environment, plainStyle, type Style, wantsColour } from '../report/style.js';
import type { Io } from './io.js';

/** What decides about colours; a terminal or not, and what its user wants. */
type Surroundings = Io & { readonly env?: Environment; readonly screen?: unknown };

/** Colours for standard output, where it shows them. */
export function styleOf({ env = {}, screen }: Surroundings): Style {
  return wantsColour(env, screen !== undefined) ? colourStyle : plainStyle;
}
