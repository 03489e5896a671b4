import { describe, expect, it } from 'vitest';
import { at, child, nameOf } from '../../../src/cluster/pointers.js';

describe('pointers', () => {
  it('escape what they must, and find it again', () => {
    const pointer = child(child('', 'a/b~c'), 1);
    expect(pointer).toBe('/a~1b~0c/1');
    expect(at({ 'a/b~c': ['x', 'y'] }, pointer)).toBe('y');
    expect(at({ a: 1 }, '/a/b')).toBeUndefined();
    expect(at({}, '/constructor')).toBeUndefined();
  });

  it('are named for people by their last key', () => {
    expect(nameOf('/machine-list/0/hostip')).toBe('hostip');
    expect(nameOf('/service-list/x/image/1')).toBe('image[1]');
    expect(nameOf('')).toBe('the file');
  });
});
