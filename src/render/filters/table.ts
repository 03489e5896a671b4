import type { FilterRow } from '../runtime/rows.js';
import { jsonFilters } from './json.js';
import { markupFilters } from './markup.js';
import { numberFilters } from './numbers.js';
import { selectFilters } from './select.js';
import { sequenceFilters } from './sequences.js';
import { textFilters } from './text.js';

/** All filters by name: those of Jinja2 3.1 but `random` and `urlize`, and `b64encode`. */
export const filters: Readonly<Record<string, FilterRow>> = {
  ...jsonFilters,
  ...markupFilters,
  ...numberFilters,
  ...selectFilters,
  ...sequenceFilters,
  ...textFilters,
};
