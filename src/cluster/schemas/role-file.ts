import { about, mapping, named, type Schema, text } from './parts.js';

const file = mapping(['src', 'dst'], {
  src: about('The template.', text()),
  dst: about('The folder on the host that it goes to.', text()),
});

function role(description: string): Schema {
  const component = mapping(['name'], { name: about('A name in component-list.', text()) });
  return about(
    description,
    mapping(['component'], {
      component: about('The components that it runs.', { type: 'array', minItems: 1, items: component }),
    }),
  );
}

/** k8s-role-definition.yaml */
export const roleFileSchema: Schema = mapping(['component-list', 'k8s-role'], {
  'component-list': about(
    'Components by name, with the files of each.',
    named('identifier', { type: 'array', items: file }),
  ),
  'k8s-role': about(
    'What a machine of each role runs.',
    mapping(['master', 'worker', 'proxy'], {
      master: role('Machines with k8s-role: master.'),
      worker: role('Machines with k8s-role: worker.'),
      proxy: role('The machine with k8s-role: proxy.'),
    }),
  ),
});
