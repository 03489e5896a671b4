import { describe, expect, it } from 'vitest';
import { didYouMean, nearest } from '../../../src/model/suggest.js';

describe('nearest', () => {
  it('finds a name with a letter missing, added, replaced or swapped', () => {
    const names = ['rest-server', 'webportal', 'pylon', 'grafana'];
    expect(nearest('rest-sever', names)).toEqual(['rest-server']);
    expect(nearest('webporttal', names)).toEqual(['webportal']);
    expect(nearest('pilon', names)).toEqual(['pylon']);
    expect(nearest('rgafana', names)).toEqual(['grafana']);
  });

  it('gives the nearest first, at most three, and sorts equally near ones by name', () => {
    expect(nearest('worker:h1', ['worker:h9', 'worker:h2', 'worker:h10', 'worker:h3'])).toEqual([
      'worker:h10',
      'worker:h2',
      'worker:h3',
    ]);
  });

  it('does not mind upper and lower case', () => {
    expect(nearest('datafolder', ['dataFolder'])).toEqual(['dataFolder']);
  });

  it('finds what continues the name, or what the name continues, when nothing is nearer', () => {
    expect(nearest('images/pilon', ['images', 'images/pylon'])).toEqual(['images/pylon']);
    expect(nearest('password', ['pass'])).toEqual(['pass']);
    expect(nearest('dash', ['dashboard'])).toEqual(['dashboard']);
  });

  it('finds nothing when nothing is near', () => {
    expect(nearest('zookeeper', ['pylon', 'grafana'])).toEqual([]);
    expect(nearest('x', [])).toEqual([]);
    expect(nearest('', ['pylon'])).toEqual([]);
  });
});

describe('didYouMean', () => {
  it('asks with one or several names', () => {
    expect(didYouMean('pylom', ['pylon'])).toBe('did you mean pylon?');
    expect(didYouMean('h4', ['h1', 'h2', 'other'])).toBe('did you mean h1 or h2?');
  });

  it('asks nothing when nothing is near', () => {
    expect(didYouMean('zookeeper', ['pylon'])).toBeUndefined();
  });
});
