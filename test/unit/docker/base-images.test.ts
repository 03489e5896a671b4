import { describe, expect, it } from 'vitest';
import { baseImages } from '../../../src/docker/base-images.js';

describe('baseImages', () => {
  it.each([
    ['a plain FROM', 'FROM debian:12', {}, ['debian:12']],
    ['a default of a build argument', `ARG B=a/b:1\nFROM \${B}`, {}, ['a/b:1']],
    ['a build argument', 'ARG B=a/b:1\nFROM $B', { B: 'c:2' }, ['c:2']],
    ['a build argument that is not declared has no value', 'FROM x$B', { B: 'c:2' }, ['x']],
    ['arguments made of others', `ARG R=r:5000\nARG B="\${R}/b"\nFROM \${B}:\${T:-v1}`, {}, ['r:5000/b:v1']],
    ['stages are no images', 'FROM a AS one\nFROM b as Two\nFROM one\nFROM two', {}, ['a', 'b']],
    ['scratch is no image', 'FROM scratch', {}, []],
    ['a platform', 'FROM --platform=linux/amd64 a', {}, ['a']],
    ['comments and continued lines', '# FROM no\nFROM \\\n  # between\n  a', {}, ['a']],
    ['lower case', 'from a', {}, ['a']],
    ['nothing in a Dockerfile that is none', 'hello', {}, []],
  ])('%s', (_, dockerfile, buildArgs, expected) => {
    expect(baseImages(dockerfile, buildArgs)).toEqual(expected);
  });
});
