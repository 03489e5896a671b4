/**
 * GitHub's workflow commands: lines that its runner acts on. See
 * https://docs.github.com/actions/reference/workflow-commands-for-github-actions
 */

/** A line that the runner acts on, with its end. Properties without a value are left out. */
export function workflowCommand(
  name: 'group' | 'endgroup' | 'error',
  message = '',
  properties: Readonly<Record<string, string | undefined>> = {},
): string {
  const given = Object.entries(properties).flatMap(([key, value]) =>
    value === undefined ? [] : [`${key}=${escapeProperty(value)}`],
  );
  return `::${name}${given.length === 0 ? '' : ` ${given.join(',')}`}::${escapeData(message)}\n`;
}

/**
 * Lines that the runner must show and not act on. It takes a line for a command when it begins with `::` behind any space, or
 * has `##[` anywhere; a space between the signs keeps them readable.
 */
export function harmless(lines: string): string {
  return lines.replaceAll(/^(\s*):(?=:)/gm, '$1: ').replaceAll('##[', '## [');
}

function escapeData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
