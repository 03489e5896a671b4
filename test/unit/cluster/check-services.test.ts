import { afterEach, describe, expect, it } from 'vitest';
import { type Edit, problems, removeEdited, SERVICES, warnings } from './configuration-fixture.js';

afterEach(removeEdited);

const PUBLIC: Edit = [SERVICES, 'registry.example.com:5000', 'public'];
const ONE_NAME: Edit = [SERVICES, 'team/pai', 'team'];
const INSECURE = '    docker-registry-insecure: true\n';
const LOGIN = '    docker-username: pusher\n    docker-password: registry-secret\n';

function queues(text: string): Edit {
  return [SERVICES, '\nrestserver:', `\nhadoop:\n  virtualClusters:\n${text}\nrestserver:`];
}

describe('the registry', () => {
  it('that is Docker Hub is never asked over plain HTTP', async () => {
    expect(await problems(PUBLIC)).toEqual([
      `${SERVICES}:10:5: docker-registry-domain: public is Docker Hub, which is never asked over plain HTTP; remove docker-registry-insecure`,
    ]);
  });

  it('that is Docker Hub needs no CA', async () => {
    const told = await problems(PUBLIC, [SERVICES, INSECURE, '    docker-registry-ca: services-configuration.yaml\n']);
    expect(told).toEqual([
      `${SERVICES}:10:5: docker-registry-domain: public is Docker Hub, whose certificate needs no CA of yours; remove docker-registry-ca`,
    ]);
  });

  const cases: readonly [string, readonly Edit[], readonly string[]][] = [
    [
      'Docker Hub without a login',
      [PUBLIC, ONE_NAME, [SERVICES, INSECURE, ''], [SERVICES, LOGIN, '']],
      [
        `${SERVICES}:5:29: Docker Hub takes images only from who has logged in; give docker-username and docker-password`,
      ],
    ],
    ['Docker Hub with a login', [PUBLIC, ONE_NAME, [SERVICES, INSECURE, '']], []],
    [
      'a path on Docker Hub',
      [PUBLIC, [SERVICES, INSECURE, '']],
      [
        `${SERVICES}:4:23: docker-namespace team/pai: a namespace of Docker Hub is one name, without /; give yours there`,
      ],
    ],
    [
      'Docker Hub by another name',
      [[SERVICES, 'registry.example.com:5000', 'docker.io']],
      [`${SERVICES}:5:29: docker.io is Docker Hub; write public`],
    ],
    [
      'a CA for plain HTTP',
      [[SERVICES, INSECURE, `    docker-registry-ca: services-configuration.yaml\n${INSECURE}`]],
      [`${SERVICES}:10:5: docker-registry-ca says nothing beside docker-registry-insecure: "true"; keep one of them`],
    ],
  ];

  it.each(cases)('gives warnings: %s', async (_, edits, expected) => {
    expect(await warnings(...edits)).toEqual(expected);
  });
});

describe('capacities of virtual clusters', () => {
  it('above 100 percent are scaled down with a warning', async () => {
    expect(await warnings(queues('    a: {capacity: 90}\n    b: {capacity: 60}'))).toEqual([
      `${SERVICES}:13:3: the capacities add up to 150 percent and are scaled down to 100: a 60, b 40, default 0; lower them`,
    ]);
  });

  it('of 100 percent and less are as they are', async () => {
    expect(await warnings(queues('    a: {capacity: 99.9}\n    b: {capacity: 0.1}'))).toEqual([]);
  });

  it('must be numbers of at least 0', async () => {
    expect(await problems(queues('    a: {capacity: much}\n    b: {capacity: -1}\n    c: {}'))).toEqual([
      `${SERVICES}:14:19: capacity must be a number, not "much"`,
      `${SERVICES}:15:19: capacity must be at least 0, not "-1"`,
      `${SERVICES}:16:8: capacity is missing`,
    ]);
  });
});
