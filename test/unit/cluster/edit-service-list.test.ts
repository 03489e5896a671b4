import { describe, expect, it } from 'vitest';
import { addListEntries, type ListEntry, namesIn } from '../../../src/cluster/edit-service-list.js';

const FILE = 'service-list.yaml';
const image: ListEntry = { section: 'image-list', name: 'new', lines: ['new: {}'] };
const service: ListEntry = {
  section: 'service-list',
  name: 'new',
  lines: ['new:', '  prerequisite: [one]', '  image: [new]'],
};

const LIST = `# what is built
image-list:
  one: {}   # the first

# what is deployed
service-list:
  one: {}

  two:
    # why it is last
    prerequisite: [one]
    image:
      - one
  # three:
  #   prerequisite: [two]
`;

describe('adding entries to service-list.yaml', () => {
  it('puts each behind the last of its section, and leaves every other byte as it is', () => {
    const edited = addListEntries(FILE, LIST, [image, service]);
    expect(edited).toBe(
      LIST.replace('# the first\n', '# the first\n  new: {}\n').replace(
        '      - one\n',
        '      - one\n\n  new:\n    prerequisite: [one]\n    image: [new]\n',
      ),
    );
  });

  it('keeps the ends of lines, and gives a last line without one its own', () => {
    const crlf = LIST.replaceAll('\n', '\r\n');
    expect(addListEntries(FILE, crlf, [image])).toBe(crlf.replace('# the first\r\n', '# the first\r\n  new: {}\r\n'));
    const open = 'image-list: {}\nservice-list:\n  one: {}';
    expect(addListEntries(FILE, open, [{ ...service, lines: ['new: {}'] }])).toBe(`${open}\n  new: {}\n`);
  });

  it.each(['service-list: {}', 'service-list:', 'service-list: { } # none yet'])(
    'begins an empty section: %s',
    (line) => {
      const comment = line.includes('#') ? ' # none yet' : '';
      expect(addListEntries(FILE, `image-list:\n  one: {}\n${line}\n`, [{ ...service, lines: ['new: {}'] }])).toBe(
        `image-list:\n  one: {}\nservice-list:${comment}\n  new: {}\n`,
      );
    },
  );

  it('keeps a deeper indent', () => {
    const deep = 'image-list:\n    one: {}\nservice-list: {}\n';
    expect(addListEntries(FILE, deep, [image])).toBe('image-list:\n    one: {}\n    new: {}\nservice-list: {}\n');
  });

  it.each([
    ['in braces', 'image-list: {one: {}}\nservice-list: {}\n'],
    ['that ends in braces of its own lines', 'image-list:\n  one: {\n  }\nservice-list: {}\n'],
    ['that has an anchor', 'image-list: &images\n  one: {}\nservice-list: *images\n'],
    ['that is missing', 'service-list: {}\n'],
  ])('refuses a list %s', (_, text) => {
    expect(() => addListEntries(FILE, text, [image])).toThrow(/can't add new to image-list/);
  });

  it('refuses what is no YAML, with its place', () => {
    expect(() => addListEntries(FILE, 'image-list: [\n', [image])).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID' }),
    );
  });

  it('knows the names that are there', () => {
    expect(namesIn(FILE, LIST, 'service-list')).toEqual(['one', 'two']);
    expect(namesIn(FILE, 'image-list:\n', 'service-list')).toEqual([]);
  });
});
