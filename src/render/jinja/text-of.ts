import type { Expression } from './nodes.js';

/** An expression as people write it, for messages. */
export function textOf(node: Expression): string {
  if (node.kind === 'name') return node.name;
  if (node.kind === 'attribute') return `${textOf(node.target)}.${node.name}`;
  if (node.kind !== 'item') return '(...)';
  const { key } = node;
  if (key.kind !== 'constant') return `${textOf(node.target)}[${textOf(key)}]`;
  return withKey(textOf(node.target), key.type === 'string' ? key.value : Number(key.value));
}

/** `target.key` or `target['key']`. */
export function withKey(target: string, key: unknown): string {
  if (typeof key === 'string' && /^[A-Za-z_]\w*$/.test(key)) return `${target}.${key}`;
  if (typeof key === 'string') return `${target}['${key}']`;
  return `${target}[${typeof key === 'number' || typeof key === 'bigint' ? String(key) : '...'}]`;
}
