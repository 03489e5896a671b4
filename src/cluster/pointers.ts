/** The pointer of a child. */
export function child(pointer: string, key: string | number): string {
  return `${pointer}/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

/** Pointers of all that a node is in, the nearest first. */
export function above(pointer: string): readonly string[] {
  const found: string[] = [];
  for (let at = pointer; at !== ''; ) {
    at = at.slice(0, at.lastIndexOf('/'));
    found.push(at);
  }
  return found;
}

/** What a pointer points to in a document; undefined when nothing is there. */
export function at(document: unknown, pointer: string): unknown {
  let node: unknown = document;
  for (const segment of pointer.split('/').slice(1)) {
    const key = unescapeSegment(segment);
    if (typeof node !== 'object' || node === null || !Object.hasOwn(node, key)) return undefined;
    node = Reflect.get(node, key);
  }
  return node;
}

/** A node's name for people: `hostip`, `prerequisite[1]`. */
export function nameOf(pointer: string): string {
  const segments = pointer.split('/').slice(1);
  let name = '';
  while (segments.length > 0) {
    const segment = segments.pop() ?? '';
    if (!/^\d+$/.test(segment)) return unescapeSegment(segment) + name;
    name = `[${segment}]${name}`;
  }
  return name === '' ? 'the file' : `entry ${name}`;
}

function unescapeSegment(segment: string): string {
  return segment.replaceAll('~1', '/').replaceAll('~0', '~');
}
