import path from 'node:path';
import { createTemplateDriver, type RenderOptions } from './driver.js';

/**
 * Renders one template file with these values. It may include, import and extend templates of its folder and below. The same files and
 * values give the same text. PaiError TEMPLATE as by the template driver.
 */
export function renderTemplateFile(
  file: string,
  values: Readonly<Record<string, unknown>>,
  options: RenderOptions = {},
): Promise<string> {
  return createTemplateDriver(path.dirname(path.resolve(file)), options).render(path.basename(file), values);
}
