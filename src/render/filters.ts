/** Filters whose results must be those of Jinja2; all others are nunjucks' own. */
export const filters: Readonly<Record<string, (...args: unknown[]) => unknown>> = { tojson, b64encode, indent };

/**
 * JSON as Jinja2 writes it: keys sorted, a space after `,` and `:`, everything outside ASCII and `<`, `>`, `&`, `'`
 * escaped, so that it may stand in a quoted YAML scalar. `indent`: spaces per level, else all on one line.
 */
function tojson(value: unknown, ...rest: unknown[]): string {
  const { indent: spaces } = named(rest, { indent: undefined });
  const text = spaces === undefined ? onOneLine(value) : JSON.stringify(sorted(value), undefined, Number(spaces));
  return text.replace(/[<>&'\u007f-\uffff]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function onOneLine(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(onOneLine).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return scalar(value);
  const pairs = sortedEntries(value).map(([key, inner]) => `${JSON.stringify(key)}: ${onOneLine(inner)}`);
  return `{${pairs.join(', ')}}`;
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(sortedEntries(value).map(([key, inner]) => [key, sorted(inner)]));
}

function sortedEntries(value: object): [string, unknown][] {
  return Object.entries(value).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}

function scalar(value: unknown): string {
  const text = JSON.stringify(value);
  if (text === undefined) throw new TypeError(`a ${typeof value} has no JSON form`);
  return text;
}

/** Base64 of a text's UTF-8 bytes, or of bytes. */
function b64encode(value: unknown): string {
  const bytes = value instanceof Uint8Array ? Buffer.from(value) : Buffer.from(String(value), 'utf8');
  return bytes.toString('base64');
}

/**
 * Indents all lines but the first by `width` (4) spaces or, when it is text, by that. `first`: the first line too;
 * `blank`: blank lines too.
 */
function indent(value: unknown, ...rest: unknown[]): string {
  const { width, first, blank } = named(rest, { width: 4, first: false, blank: false });
  const prefix = typeof width === 'string' ? width : ' '.repeat(Number(width));
  return String(value)
    .split('\n')
    .map((line, index) => ((index === 0 ? first : blank || line !== '') ? prefix + line : line))
    .join('\n');
}

/** Arguments of a filter by name, given in order or by keyword; `defaults` has the names in order. */
function named<Names extends string>(
  args: readonly unknown[],
  defaults: Readonly<Record<Names, unknown>>,
): Record<Names, unknown> {
  const result: Record<Names, unknown> = { ...defaults };
  const names = Object.keys(defaults);
  const isName = (name: string): name is Names => names.includes(name);
  const last = args.at(-1);
  const keywords = isKeywords(last) ? last : undefined;
  const inOrder = keywords ? args.slice(0, -1) : args;
  if (inOrder.length > names.length) throw new TypeError(`takes at most ${names.length} arguments`);
  for (const [index, value] of inOrder.entries()) {
    const name = names[index];
    if (name !== undefined && isName(name)) result[name] = value;
  }
  for (const [name, value] of Object.entries(keywords ?? {})) {
    if (name === '__keywords') continue;
    if (!isName(name)) throw new TypeError(`has no argument ${name}; it has ${names.join(', ')}`);
    result[name] = value;
  }
  return result;
}

/** nunjucks gives keyword arguments as a last object that is marked so. */
function isKeywords(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, '__keywords');
}
