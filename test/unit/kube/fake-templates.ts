import type { TemplateDriver } from '../../../src/model/drivers.js';

/** Templates from memory, by path below `templates/`. Rendering replaces `{{ name }}` and nothing else. */
export function fakeTemplates(files: Readonly<Record<string, string>>): TemplateDriver {
  const contentOf = (file: string) => {
    const content = files[file];
    if (content === undefined) throw new Error(`no template ${file}`);
    return content;
  };
  return {
    render: async (file, variables) =>
      contentOf(file).replace(/\{\{ (\w+) \}\}/g, (_, name: string) => String(variables[name])),
    read: async (file) => Buffer.from(contentOf(file)),
    list: async (folder) =>
      Object.keys(files)
        .filter((file) => file.startsWith(`${folder}/`))
        .map((file) => ({ path: file.slice(folder.length + 1), mode: 0o644 })),
  };
}
