import { describe, expect, it } from 'vitest';
import { parseChallenges } from '../../../src/docker/registry-auth.js';

describe('parseChallenges', () => {
  it('reads a bearer challenge with commas inside of quotes', () => {
    const [challenge] = parseChallenges(
      'Bearer realm="https://auth.example/token",service="registry.example",scope="repository:a/b:pull,push"',
    );
    expect(challenge?.scheme).toBe('bearer');
    expect(Object.fromEntries(challenge?.parameters ?? [])).toEqual({
      realm: 'https://auth.example/token',
      service: 'registry.example',
      scope: 'repository:a/b:pull,push',
    });
  });

  it('reads several challenges in one header', () => {
    const challenges = parseChallenges('Basic realm="a \\"quoted\\" realm", Bearer realm=https://x/token');
    expect(challenges.map((challenge) => challenge.scheme)).toEqual(['basic', 'bearer']);
    expect(challenges[0]?.parameters.get('realm')).toBe('a "quoted" realm');
    expect(challenges[1]?.parameters.get('realm')).toBe('https://x/token');
  });

  it('finds nothing in an empty header', () => {
    expect(parseChallenges('')).toEqual([]);
  });
});
