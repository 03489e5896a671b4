import { describe, expect, it } from 'vitest';
import { baseImageStep, engineRegistryError, engineUnreachable } from '../../../src/docker/engine-errors.js';

const ACCESS = { domain: 'r.example:5443', username: 'ann', password: 'pw', insecure: false };

describe('engineRegistryError', () => {
  it.each([
    [
      'Get "https://r.example:5443/v2/": x509: certificate signed by unknown authority',
      'REGISTRY_UNREACHABLE',
      '/etc/docker/certs.d/r.example:5443/ca.crt',
    ],
    [
      'Get "https://r.example:5443/v2/": http: server gave HTTP response to HTTPS client',
      'REGISTRY_UNREACHABLE',
      '"insecure-registries" in /etc/docker/daemon.json',
    ],
    ['unauthorized: authentication required', 'REGISTRY_AUTH', 'docker-password'],
    ['denied: requested access to the resource is denied', 'REGISTRY_AUTH', 'docker-password'],
    ['no basic auth credentials', 'REGISTRY_AUTH', 'docker-password'],
    ['dial tcp: lookup r.example: no such host', 'REGISTRY_UNREACHABLE', 'Docker daemon'],
    ['received unexpected HTTP status: 500 Internal Server Error', 'REGISTRY_REFUSED', 'again later'],
    ['manifest invalid', 'REGISTRY_REFUSED', "registry's log"],
  ])('%s', (message, code, next) => {
    const error = engineRegistryError(message, ACCESS, 'push r.example:5443/ns/app:v1');
    expect(error.code).toBe(code);
    expect(error.next).toContain(next);
    expect(error.where).toBe('registry r.example:5443');
  });

  it('may be tried again only for what may pass by itself', () => {
    const retryable = (message: string) => engineRegistryError(message, ACCESS, 'push x').retryable;
    expect(retryable('dial tcp 10.0.0.1:5443: connect: connection refused')).toBe(true);
    expect(retryable('toomanyrequests: slow down')).toBe(true);
    expect(retryable('denied')).toBe(false);
    expect(retryable('no such host')).toBe(false);
  });
});

describe('a pull of an image that is not there', () => {
  it('is a fault of the build, not of the registry', () => {
    const message = 'manifest for r.example:5443/ns/base:v1 not found: manifest unknown: manifest unknown';
    const error = engineRegistryError(message, ACCESS, 'pull r.example:5443/ns/base:v1');
    expect(error).toMatchObject({ code: 'IMAGE_BUILD', next: /push it first/ });
  });
});

describe('baseImageStep', () => {
  it.each([
    ['x509: certificate signed by unknown authority', '/etc/docker/certs.d/'],
    ['pull access denied for x', 'push it first'],
    ['dial tcp: lookup registry-1.docker.io: no such host', 'reaches the base image'],
  ])('%s', (message, step) => {
    expect(baseImageStep(message, 'r.example:5443')).toContain(step);
  });

  it('has nothing to say of a step that failed', () => {
    expect(baseImageStep('exit code 1', 'r.example:5443')).toBeUndefined();
  });
});

describe('engineUnreachable', () => {
  it.each([
    ['ENOENT', 'systemctl start docker', false],
    ['EACCES', 'group "docker"', false],
    ['ECONNREFUSED', 'DOCKER_HOST', true],
  ])('%s says what to do', (code, next, retryable) => {
    const error = engineUnreachable(Object.assign(new Error(`connect ${code}`), { code }), '/run/x.sock');
    expect(error).toMatchObject({ code: 'DOCKER_UNREACHABLE', retryable });
    expect(error?.next).toContain(next);
  });

  it('is not what an answer of the engine is', () => {
    expect(engineUnreachable(Object.assign(new Error('no such image'), { statusCode: 404 }), 'x')).toBeUndefined();
  });
});
