import { Reference } from './references.js';

/** A machine as it is written: fields in their order. */
export type MachineText = Readonly<Record<string, string | Reference>>;

/** How a machine is written. */
export type MachineStyle =
  /** A field a line, behind the dash. */
  | { readonly style: 'block'; readonly indent: string; readonly eol: string }
  /** `{ hostname: h1, ... }`. */
  | { readonly style: 'line'; readonly quoted: boolean }
  /** The same with a field a line, as JSON is mostly written. */
  | {
      readonly style: 'spread';
      readonly quoted: boolean;
      readonly indent: string;
      readonly inner: string;
      readonly eol: string;
    };

/** The text of a machine, without what stands before its first line. */
export function writeMachine(machine: MachineText, how: MachineStyle): string {
  const entries = Object.entries(machine);
  if (how.style === 'block') {
    return entries.map(([key, value]) => `${key}: ${valueText(value, false)}`).join(`${how.eol}${how.indent}`);
  }
  const fields = entries.map(
    ([key, value]) => `${how.quoted ? JSON.stringify(key) : key}: ${valueText(value, how.quoted)}`,
  );
  if (how.style === 'line') return `{ ${fields.join(', ')} }`;
  return `{${how.eol}${how.inner}${fields.join(`,${how.eol}${how.inner}`)}${how.eol}${how.indent}}`;
}

function valueText(value: string | Reference, quoted: boolean): string {
  if (value instanceof Reference) return `!${value.kind} ${scalarText(value.argument, quoted)}`;
  return scalarText(value, quoted);
}

/** Words that are no text to readers of YAML that look for types. */
const TYPED = /^(?:true|false|yes|no|on|off|null|y|n)$/i;

/**
 * Without quotes only what every reader of YAML takes for text (or, of an address or a port, for what it is). JSON's strings are YAML's
 * double-quoted ones.
 */
function scalarText(text: string, quoted: boolean): string {
  const isPlain = /^[A-Za-z][\w./-]*$/.test(text)
    ? !TYPED.test(text)
    : /^(?:\d+\.\d+\.\d+\.\d+|[1-9]\d{1,4})$/.test(text);
  if (!quoted && isPlain) return text;
  // A JSON reader is content with a port as a number, and with quotes just as well.
  return JSON.stringify(text);
}
