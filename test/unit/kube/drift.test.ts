import { describe, expect, it } from 'vitest';
import { driftOf } from '../../../src/kube/drift.js';
import type { Json, JsonObject } from '../../../src/model/json.js';
import { configMap, deployment, object } from './objects-fixture.js';

/** Fields of a Deployment's container that are told, with both values. */
function ofContainer(applied: JsonObject, found: JsonObject): readonly Json[] {
  const make = (more: JsonObject) => deployment('web', {}, { containers: [{ name: 'main', image: 'x', ...more }] });
  return driftOf(make(applied), make(found)).map(({ field, applied: from, found: to }) => [
    field.replace('spec.template.spec.containers[main]', 'main'),
    from ?? '-',
    to ?? '-',
  ]);
}

describe('the fields that others changed', () => {
  it('are none where everything is as it was applied', () => {
    expect(driftOf(deployment('web'), deployment('web'))).toEqual([]);
  });

  it.each<[string, JsonObject, JsonObject]>([
    [
      'quantities',
      { resources: { limits: { cpu: '0.5', memory: '1024Mi' } } },
      { resources: { limits: { cpu: '500m', memory: '1Gi' } } },
    ],
    ['what is empty', { args: [], securityContext: {}, stdin: false, workingDir: '', env: null }, {}],
    [
      'what the API server fills in',
      { env: [{ name: 'A', value: '1' }] },
      { env: [{ name: 'A', value: '1' }], terminationMessagePath: '/dev/log' },
    ],
    [
      'what others add to a list',
      { env: [{ name: 'A', value: '1' }] },
      {
        env: [
          { name: 'B', value: '1' },
          { name: 'A', value: '1' },
        ],
      },
    ],
  ])('are not %s', (_, applied, found) => {
    expect(ofContainer(applied, found)).toEqual([]);
  });

  it('are told by the names of elements', () => {
    const mounts = (path: string) => ({
      volumeMounts: [
        { name: 'v', mountPath: '/a' },
        { name: 'v', mountPath: path },
      ],
    });
    expect(ofContainer(mounts('/b'), mounts('/c'))).toEqual([
      ['main.volumeMounts[/b]', '{"name":"v","mountPath":"/b"}', '-'],
    ]);
    const port = (name: string) => ({ ports: [{ containerPort: 80, name }] });
    expect(ofContainer(port('http'), port('web'))).toEqual([
      ['main.ports[http]', '{"containerPort":80,"name":"http"}', '-'],
    ]);
  });

  it('are lists without names as a whole', () => {
    expect(ofContainer({ command: ['a', 'b'] }, { command: ['a'] })).toEqual([['main.command', '["a","b"]', '["a"]']]);
  });

  it('are masked where they are called like a secret', () => {
    const env = (value: string) => ({
      env: [
        { name: 'DB_PASSWORD', value },
        { name: 'HOST', value },
      ],
    });
    expect(ofContainer(env('hunter2'), env('hunter3'))).toEqual([
      ['main.env[DB_PASSWORD].value', '(secret)', '(secret)'],
      ['main.env[HOST].value', '"hunter2"', '"hunter3"'],
    ]);
    expect(JSON.stringify(ofContainer({ env: [{ name: 'DB_PASSWORD', value: 'hunter2' }] }, {}))).not.toContain(
      'hunter',
    );
    const map = (password: string) => configMap('settings', { 'db.password': password });
    expect(JSON.stringify(driftOf(map('hunter2'), map('hunter3')))).not.toContain('hunter');
  });

  it('of a Secret are masked whatever they are called, and a key that is gone is told as gone', () => {
    const secret = (data: JsonObject) => object('v1', 'Secret', 'login', { data });
    expect(driftOf(secret({ user: 'aaaa', b: 'bbbb' }), secret({ user: 'cccc' }))).toEqual([
      { object: 'Secret login', field: 'data.user', applied: '(secret)', found: '(secret)' },
      { object: 'Secret login', field: 'data.b', applied: '(secret)' },
    ]);
  });

  it('are cut when they are long', () => {
    const [drift] = driftOf(configMap('settings', { a: 'x'.repeat(500) }), configMap('settings', { a: 'y' }));
    expect(drift?.applied?.length).toBeLessThan(80);
  });

  it('of a text that became longer are its new lines', () => {
    const [drift] = driftOf(configMap('settings', { a: '1\n2' }), configMap('settings', { a: '1\n2\n3' }));
    expect(drift).toEqual({ object: 'ConfigMap settings', field: 'data.a line 3', found: '"3"' });
  });
});
