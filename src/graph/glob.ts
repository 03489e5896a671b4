/** Whether a pattern is a glob and not a plain name. */
export function isGlob(pattern: string): boolean {
  return /[*?{]/.test(pattern);
}

/**
 * An expression that matches whole names: `*` is any run of characters (colons too), `?` one character,
 * `{image,service}` one of the alternatives. A brace that is not closed stands for itself.
 */
export function globExpression(glob: string): RegExp {
  let source = '';
  for (const [token] of glob.matchAll(/\*+|\?|\{[^{}]*\}|[^*?]/gsu)) {
    if (token.startsWith('*')) source += '.*';
    else if (token === '?') source += '.';
    else if (token.startsWith('{') && token.length > 1) source += alternatives(token.slice(1, -1));
    else source += escapeExpression(token);
  }
  return new RegExp(`^${source}$`, 'su');
}

function alternatives(list: string): string {
  return `(?:${list.split(',').map(escapeExpression).join('|')})`;
}

function escapeExpression(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, (character) => `\\${character}`);
}
