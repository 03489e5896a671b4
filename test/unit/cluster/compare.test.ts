import { describe, expect, it } from 'vitest';
import { compareTexts } from '../../../src/cluster/compare.js';
import { failure, SERVICES } from './configuration-fixture.js';

const text = (jwt: string, more = '') => `restserver:\n  jwt-secret: ${jwt}\n  server-port: 1\n${more}`;
const compare = (before: string | undefined, after: string | undefined) =>
  compareTexts({ [SERVICES]: before }, { [SERVICES]: after });

describe('configurations that are compared', () => {
  it('differ in nothing when they are equal to the letter', () => {
    expect(compare(text('a'), text('a'))).toEqual([]);
    expect(compare(undefined, undefined)).toEqual([]);
  });

  it('show no secret, but that it is another one', () => {
    const [one, ...more] = compare(text('one-word'), text('two-word', 'pylon: {port: 81, passwrd: odd-word}\n'));
    expect(more).toEqual([]);
    expect(one).toMatchObject({ file: SERVICES, beside: ['jwt-secret (restserver) is another secret'] });
    expect(JSON.stringify(one)).not.toMatch(/-word/);
    expect(one?.after).toContain('port: ');
  });

  it('show where a secret is kept', () => {
    const [one] = compare(text('one-word'), text('!file jwt'));
    expect(one?.before).toContain('jwt-secret: (secret)');
    expect(one?.after).toContain('jwt-secret: !file jwt');
    expect(one?.beside).toEqual([]);
  });

  it('may differ in comments only', () => {
    expect(compare(text('a'), `# why\n${text('a')}`)[0]).toMatchObject({
      beside: ['only comments or the form differ'],
    });
  });

  it('may lack a file, and have to be YAML', async () => {
    expect(compare(undefined, text('a'))[0]).toMatchObject({ before: '' });
    const work = Promise.resolve().then(() => compare(text('a'), 'a: ['));
    expect(await failure(work)).toMatchObject({ code: 'CONFIG_INVALID' });
  });
});
