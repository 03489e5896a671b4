import { PaiError } from 'pai';

/** Names that sh takes for variables. */
export const VARIABLE_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/**
 * Exports variables at the end of a stock `*-env.sh`, after all that it sets itself. Values are quoted: no shell expands anything in them.
 * Throws CONFIG_INVALID for what a variable can't hold.
 */
export function exportVariables(stock: string, variables: ReadonlyMap<string, string>): string {
  if (variables.size === 0) return stock;
  const lines = [...variables].map(([name, value]) => {
    if (value.includes('\0')) {
      throw new PaiError('CONFIG_INVALID', `${name}: no variable can hold a zero byte`, { next: 'Leave it out.' });
    }
    return `export ${name}='${value.replaceAll("'", `'\\''`)}'\n`;
  });
  return `${stock}${stock.endsWith('\n') ? '' : '\n'}\n# Set by pai.\n${lines.join('')}`;
}
