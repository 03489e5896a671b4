import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { sha512In, sha512Of } from '../../../src/local/sha512.js';
import { temporaryDirectory } from './helpers.js';

const hex = '0123456789abcdef'.repeat(8);
/** As gpg --print-md writes them: groups of eight, on several lines. */
const groups = (hex.toUpperCase().match(/.{8}/g) ?? [])
  .map((group, index) => (index % 6 === 5 ? `${group}\n      ` : `${group} `))
  .join('');

describe('the SHA-512 in a checksum file', () => {
  it.each([
    ['sha512sum', `${hex}  hadoop-2.9.0.tar.gz\n`],
    ['sha512sum of a name that begins like hex', `${hex} *abc.tar.gz\n`],
    ['nothing but the digits', hex],
    ['BSD', `SHA512 (hadoop-3.3.6.tar.gz) = ${hex}\n`],
    ['gpg --print-md SHA512', `hadoop-3.0.0.tar.gz: ${groups}\n`],
    [
      'gpg --print-mds',
      `hadoop-2.9.0.tar.gz:    MD5 = 00 11 22 33\nhadoop-2.9.0.tar.gz: SHA384 = ${'AB CD '.repeat(24)}\nhadoop-2.9.0.tar.gz: SHA512 = ${groups}\n`,
    ],
  ])('is found as %s writes it', (_, text) => {
    expect(sha512In(text)).toBe(hex);
  });

  it.each([
    ['a page of HTML', '<html>moved</html>'],
    ['a shorter digest', `${hex.slice(2)}  x`],
    ['a longer run of digits', `${hex}0`],
    ['two of them', `${hex}  a\n${hex.replace('0', '1')}  b\n`],
  ])('is not guessed from %s', (_, text) => {
    expect(sha512In(text)).toBeUndefined();
  });
});

describe('the SHA-512 of a file', () => {
  it('is that of its content', async () => {
    const file = path.join(await temporaryDirectory(), 'abc');
    await writeFile(file, 'abc');
    // FIPS 180-4's example.
    expect(await sha512Of(file)).toBe(
      'ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f',
    );
  });

  it('ends when it is told to', async () => {
    const file = path.join(await temporaryDirectory(), 'abc');
    await writeFile(file, 'abc');
    await expect(sha512Of(file, AbortSignal.abort())).rejects.toMatchObject({ code: 'CANCELLED' });
  });

  it('fails with the path when there is none', async () => {
    await expect(sha512Of('/no/such')).rejects.toMatchObject({
      code: 'LOCAL_FILE',
      message: "can't read /no/such: ENOENT",
    });
  });
});
