import nunjucks from 'nunjucks';
import { measure } from './work.js';

await measure(async ({ templates }) => {
  const loader = {
    getSource: (name: string) => ({ src: templates[name] ?? '', path: name, noCache: false }),
  };
  const environment = new nunjucks.Environment(loader, { autoescape: false });
  return (name, values) => environment.render(name, values);
});
