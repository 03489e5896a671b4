import { describe, expect, it } from 'vitest';
import { inParts } from '../../../src/kube/parts.js';

const from = (file: string | undefined, kind = 'Deployment') => ({
  apiVersion: kind === 'ConfigMap' ? 'v1' : 'apps/v1',
  kind,
  object: { metadata: { annotations: file === undefined ? {} : { 'pai/template': file } } },
});
const files = (...objects: readonly ReturnType<typeof from>[]) =>
  inParts(objects).map((part) => part.map(({ object }) => object.metadata.annotations['pai/template']));

describe('parts of a step', () => {
  it('go by the number that a file begins with, as a number; those of one number stay in their order', () => {
    expect(
      files(from('services/x/10-c.yaml'), from('services/x/2-b.yaml.template'), from('services/x/2-a.yaml')),
    ).toEqual([['services/x/2-b.yaml.template', 'services/x/2-a.yaml'], ['services/x/10-c.yaml']]);
  });

  it('begin with what has no number, or comes from no file', () => {
    const [first, second] = files(from('services/x/1-a.yaml'), from('services/x/x.yaml'), from(undefined));
    expect(first).toEqual(['services/x/x.yaml', undefined]);
    expect(second).toEqual(['services/x/1-a.yaml']);
  });

  it('are one where nothing is waited for', () => {
    expect(files(from('services/x/2-a.yaml', 'ConfigMap'), from('services/x/1-b.yaml', 'ConfigMap'))).toEqual([
      ['services/x/2-a.yaml', 'services/x/1-b.yaml'],
    ]);
  });

  it('are one of manifests of the operator, whose numbers may mean another thing', () => {
    expect(files(from('20-agent.yaml'), from('10-controller.yaml'))).toEqual([['20-agent.yaml', '10-controller.yaml']]);
  });

  it('are none of nothing', () => {
    expect(inParts([])).toEqual([]);
  });
});
