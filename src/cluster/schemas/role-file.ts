import { mapping, named, type Schema, text } from './parts.js';

const file = mapping(['src', 'dst'], { src: text(), dst: text() });

const role = mapping(['component'], {
  component: { type: 'array', minItems: 1, items: mapping(['name'], { name: text() }) },
});

/** k8s-role-definition.yaml */
export const roleFileSchema: Schema = mapping(['component-list', 'k8s-role'], {
  'component-list': named('identifier', { type: 'array', items: file }),
  'k8s-role': mapping(['master', 'worker', 'proxy'], { master: role, worker: role, proxy: role }),
});
