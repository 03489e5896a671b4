import { describe, expect, it } from 'vitest';
import { spelledOut } from '../../../src/kube/spelled-out.js';
import type { JsonObject } from '../../../src/model/json.js';

const ports = [{ port: 80 }, { port: 53, protocol: 'UDP' }];
const filled = [
  { port: 80, protocol: 'TCP' },
  { port: 53, protocol: 'UDP' },
];

describe('ports without a protocol', () => {
  it('of a Service get TCP', () => {
    expect(spelledOut({ kind: 'Service', spec: { ports } })).toEqual({ kind: 'Service', spec: { ports: filled } });
  });

  it.each([
    ['Pod', (spec: JsonObject) => ({ kind: 'Pod', spec })],
    ['Deployment', (spec: JsonObject) => ({ kind: 'Deployment', spec: { template: { spec } } })],
    ['CronJob', (spec: JsonObject) => ({ kind: 'CronJob', spec: { jobTemplate: { spec: { template: { spec } } } } })],
  ] as const)('of containers of a %s get TCP', (_, make) => {
    const before = { containers: [{ name: 'a', ports }, { name: 'b' }], initContainers: [{ name: 'c', ports }] };
    const after = {
      containers: [{ name: 'a', ports: filled }, { name: 'b' }],
      initContainers: [{ name: 'c', ports: filled }],
    };
    expect(spelledOut(make(before))).toEqual(make(after));
  });

  it('of anything else stay', () => {
    const policy = { kind: 'NetworkPolicy', spec: { ports } };
    expect(spelledOut(policy)).toEqual(policy);
    expect(spelledOut({ kind: 'Service' })).toEqual({ kind: 'Service' });
  });
});

describe('quantities that are numbers', () => {
  it('become text, wherever they are; other numbers stay', () => {
    const make = (one: number | string, half: number | string) => ({
      kind: 'StatefulSet',
      spec: {
        replicas: 2,
        template: {
          spec: {
            containers: [{ name: 'a', resources: { limits: { cpu: one, memory: '1Gi' }, requests: { cpu: half } } }],
            volumes: [{ name: 'tmp', emptyDir: { sizeLimit: one } }],
          },
        },
        volumeClaimTemplates: [{ spec: { resources: { requests: { storage: one } } } }],
      },
    });
    expect(spelledOut(make(1, 0.5))).toEqual(make('1', '0.5'));
  });

  it('of custom resources and their definitions stay', () => {
    const custom = { apiVersion: 'example.com/v1', kind: 'Framework', spec: { limits: { tasks: 2 } } };
    expect(spelledOut(custom)).toBe(custom);
    const definition = { ...custom, apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition' };
    expect(spelledOut(definition)).toBe(definition);
  });

  it('of ConfigMaps are no quantities', () => {
    const map = { kind: 'ConfigMap', data: { limits: '1' } };
    expect(spelledOut(map)).toBe(map);
  });
});

describe('stringData of a Secret', () => {
  it('becomes data, over what data has for the same key', () => {
    const secret = { kind: 'Secret', type: 'Opaque', data: { a: 'YQ==', b: 'Yg==' }, stringData: { b: 'ö', c: '' } };
    expect(spelledOut(secret)).toEqual({ kind: 'Secret', type: 'Opaque', data: { a: 'YQ==', b: 'w7Y=', c: '' } });
  });

  it('that is no text stays, to be refused', () => {
    const secret = { kind: 'Secret', stringData: { port: 80, name: 'a' } };
    expect(spelledOut(secret)).toBe(secret);
  });
});
