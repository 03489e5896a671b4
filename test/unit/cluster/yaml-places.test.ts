import fc from 'fast-check';
import { CORE_SCHEMA, dump, parseEvents } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { positions, walk } from '../../../src/cluster/yaml-places.js';

describe('lines and columns', () => {
  it('are those that splitting the text gives', () => {
    const text = fc.string({ unit: fc.constantFrom('a', '\n', '\r', ' '), maxLength: 60 });
    fc.assert(
      fc.property(text, fc.nat(60), (source, offset) => {
        const before = source.slice(0, offset).split('\n');
        const expected = { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
        if (offset <= source.length) expect(positions(source)(offset)).toEqual(expected);
      }),
    );
  });
});

describe('places', () => {
  it('are where each key and value of a document stands', () => {
    const word = fc.stringMatching(/^[a-z]{1,8}$/).filter((text) => !['null', 'true', 'false'].includes(text));
    const { document } = fc.letrec<{ document: unknown }>((tie) => ({
      document: fc.oneof(
        { depthSize: 'small' },
        word,
        fc.array(tie('document'), { minLength: 1, maxLength: 3 }),
        fc.dictionary(word, tie('document'), { minKeys: 1, maxKeys: 3, noNullPrototype: true }),
      ),
    }));
    fc.assert(
      fc.property(document, (data) => {
        const source = dump(data, { schema: CORE_SCHEMA });
        const { places } = walk(parseEvents(source, {}), source);
        const visit = (node: unknown, pointer: string): void => {
          const place = places.get(pointer);
          const key = pointer.slice(pointer.lastIndexOf('/') + 1);
          if (/^[a-z]+$/.test(key)) expect(source.slice(place?.key)).toMatch(new RegExp(`^['"]?${key}['"]?:`));
          if (typeof node === 'string') expect(source.slice(place?.value)).toMatch(new RegExp(`^['"]?${node}`));
          else for (const [name, inner] of Object.entries(node as object)) visit(inner, `${pointer}/${name}`);
        };
        visit(data, '');
      }),
    );
  });
});
