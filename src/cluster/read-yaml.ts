import type { YamlFile } from './yaml.js';

export type { YamlFile };

/**
 * Parses YAML that belongs to a task. Scalars stay as they are written; what is wrong in it is in `problems`, and who reads it adds its own, to be
 * thrown together as `configurationError`. `file`: what problems call it. The parser is loaded at the first call.
 */
export async function readYaml(file: string, text: string): Promise<YamlFile> {
  return (await import('./yaml.js')).parseYaml(file, text);
}
