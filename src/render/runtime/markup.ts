import { str } from './text.js';
import { Markup, type Value } from './values.js';

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&#34;',
  "'": '&#39;',
};

/** A value's text for HTML; what is marked as safe stays. */
export function escapeMarkup(value: Value): string {
  if (value instanceof Markup) return value.text;
  return str(value).replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}
