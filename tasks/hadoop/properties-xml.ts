import { PaiError } from 'pai';

/** What is no character in XML 1.0 (https://www.w3.org/TR/xml/#charsets), not even as a reference. */
const NO_CHARACTER = /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u;

/** Parsers take these for line feeds where they stand as they are. */
const LINE_ENDS = /[\r\u0085\u2028]/g;

/**
 * Sets properties of a Hadoop configuration file: `<configuration>` with `<property>`s of `<name>` and `<value>`. A property that is there has its value
 * exchanged, and keeps its place and its description; others are added at the end, in their order. Comments and instructions stay.
 * `where` names the file in errors. Throws ARCHIVE when the stock file is none of these, CONFIG_INVALID for values that XML can't hold.
 */
export async function setProperties(
  stock: string,
  properties: ReadonlyMap<string, string>,
  where: string,
): Promise<string> {
  const { XMLSerializer } = await import('@xmldom/xmldom');
  const document = await parse(stock, where);
  const root = document.documentElement;
  if (root === null) throw notAConfiguration(where, 'it is empty');
  const known = propertiesOf(root);
  for (const [name, value] of properties) {
    checkText(name, value);
    const elements = known.get(name) ?? [];
    // Of several the last counts.
    for (const element of elements) setValue(element, value);
    if (elements.length === 0) append(root, name, value);
  }
  const text = new XMLSerializer().serializeToString(document);
  const whole = text.replace(LINE_ENDS, (end) => `&#${end.charCodeAt(0)};`);
  return whole.endsWith('\n') ? whole : `${whole}\n`;
}

/** The properties of such a file, by name. Throws ARCHIVE. */
export async function readProperties(text: string, where: string): Promise<ReadonlyMap<string, string>> {
  const root = (await parse(text, where)).documentElement;
  if (root === null) throw notAConfiguration(where, 'it is empty');
  const values = [...propertiesOf(root)].map(([name, elements]) => {
    const last = elements.at(-1);
    return [name, (last && child(last, 'value')?.textContent) ?? ''] as const;
  });
  return new Map(values);
}

type XmlDocument = import('@xmldom/xmldom').Document;
type XmlElement = import('@xmldom/xmldom').Element;

async function parse(text: string, where: string): Promise<XmlDocument> {
  const { DOMParser, ParseError } = await import('@xmldom/xmldom');
  const parser = new DOMParser({
    onError: (level, message) => {
      if (level !== 'warning') throw notAConfiguration(where, message);
    },
  });
  let document: XmlDocument;
  try {
    document = parser.parseFromString(text.replace(/^\uFEFF/, ''), 'text/xml');
  } catch (error) {
    const cause = error instanceof ParseError ? (error.cause ?? error) : error;
    throw cause instanceof PaiError
      ? cause
      : notAConfiguration(where, error instanceof Error ? error.message : String(error));
  }
  const name = document.documentElement?.tagName;
  if (name !== 'configuration') throw notAConfiguration(where, `<configuration> was expected, not <${name}>`);
  return document;
}

function propertiesOf(root: XmlElement): ReadonlyMap<string, readonly XmlElement[]> {
  const found = new Map<string, XmlElement[]>();
  for (const element of children(root, 'property')) {
    const name = child(element, 'name')?.textContent?.trim();
    if (name) found.set(name, [...(found.get(name) ?? []), element]);
  }
  return found;
}

function setValue(property: XmlElement, text: string): void {
  const document = documentOf(property);
  let value = child(property, 'value');
  if (value === undefined) {
    value = document.createElement('value');
    const after = child(property, 'name')?.nextSibling ?? null;
    property.insertBefore(value, after);
    property.insertBefore(document.createTextNode('\n    '), value);
  }
  value.textContent = text;
}

/** In the form that stock files have. */
function append(root: XmlElement, name: string, text: string): void {
  const document = documentOf(root);
  const property = document.createElement('property');
  for (const [tag, content] of [
    ['name', name],
    ['value', text],
  ] as const) {
    const element = document.createElement(tag);
    element.textContent = content;
    property.appendChild(document.createTextNode('\n    '));
    property.appendChild(element);
  }
  property.appendChild(document.createTextNode('\n  '));
  const last = root.lastChild;
  const lineEnds = last?.nodeType === 3 && /\n[ \t]*$/.test(last.nodeValue ?? '');
  root.appendChild(document.createTextNode(lineEnds ? '  ' : '\n  '));
  root.appendChild(property);
  root.appendChild(document.createTextNode('\n'));
}

function documentOf(element: XmlElement): XmlDocument {
  const { ownerDocument } = element;
  if (ownerDocument === null) throw new Error('an element without a document');
  return ownerDocument;
}

function children(element: XmlElement, tag: string): XmlElement[] {
  return [...element.getElementsByTagName(tag)].filter((found) => found.parentNode === element);
}

function child(element: XmlElement, tag: string): XmlElement | undefined {
  return children(element, tag)[0];
}

function checkText(name: string, value: string): void {
  if (!NO_CHARACTER.test(name) && !NO_CHARACTER.test(value)) return;
  throw new PaiError('CONFIG_INVALID', `${name}: its value has a character that can't be in an XML file`, {
    next: 'Leave out control characters.',
  });
}

function notAConfiguration(where: string, what: string): PaiError {
  return new PaiError('ARCHIVE', `${where} is not a configuration file of Hadoop: ${what}`, {
    next: 'Take an archive of a released Hadoop, or repair that file in yours.',
  });
}
