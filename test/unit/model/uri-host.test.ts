import { describe, expect, it } from 'vitest';
import { uriHost } from '../../../src/model/uri-host.js';

describe('uriHost', () => {
  it.each([
    ['10.0.0.1', '10.0.0.1'],
    ['node1.example', 'node1.example'],
    ['fd00::1', '[fd00::1]'],
  ])('puts IPv6 addresses into brackets, and nothing else: %s', (address, expected) => {
    expect(uriHost(address)).toBe(expected);
    expect(new URL(`https://${uriHost(address)}:6443`).hostname).toBe(expected);
  });
});
