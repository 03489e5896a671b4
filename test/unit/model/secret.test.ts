import { inspect } from 'node:util';
import { describe, expect, it, vi } from 'vitest';
import { digest } from '../../../src/fingerprint/digest.js';
import type { Encodable } from '../../../src/fingerprint/encode.js';
import { PaiError } from '../../../src/model/errors.js';
import { reveal, Secret, secretError } from '../../../src/model/secret.js';

describe('a secret', () => {
  it('is shown nowhere but where it is asked for', async () => {
    const secret = new Secret('hush');
    const shown = [String(secret), `${secret}`, inspect({ deep: { secret } }), inspect(secret, { showHidden: true })];
    expect(shown.join()).not.toContain('hush');
    expect(await secret.reveal()).toBe('hush');
    expect(await reveal(secret)).toBe('hush');
    expect(await reveal('text')).toBe('text');
  });

  it('gets into no JSON and no unkeyed digest', () => {
    const value = { password: new Secret('hush') };
    expect(() => JSON.stringify(value)).toThrow(PaiError);
    expect(() => digest(value as unknown as Encodable)).toThrow(/cannot fingerprint a Secret/);
  });

  it('is asked for once, when it is needed', async () => {
    const ask = vi.fn(async () => 'hush');
    const secret = new Secret(ask);
    expect(ask).not.toHaveBeenCalled();
    expect(await Promise.all([secret.reveal(), secret.reveal()])).toEqual(['hush', 'hush']);
    expect(ask).toHaveBeenCalledTimes(1);
  });

  it('that can not be had is told with all others, each once', () => {
    const one = secretError([], ['a:1:1: one']);
    const both = secretError([one, secretError([], ['b:2:2: two']), one]);
    expect(both).toMatchObject({ code: 'SECRET', exitCode: 2, details: ['a:1:1: one', 'b:2:2: two'] });
    expect(() => secretError([new Error('a bug')])).toThrow('a bug');
  });
});
