import { createEngine } from '../../src/render/engine.js';
import { measure } from './work.js';

await measure(async ({ templates }) => {
  const engine = await createEngine({ read: (name) => templates[name], label: (name) => name }, 'strict');
  return (name, values) => engine.render(name, { ...values });
});
