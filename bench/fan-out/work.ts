/** What every contender does on every host: eight small files into a folder, by a script, as root. */
export const FILES = Array.from({ length: 8 }, (_, index) => ({
  path: `file-${index}.conf`,
  mode: 0o600,
  content: `# file ${index}\n${'key = value\n'.repeat(100)}`,
}));

/** Where they go, seen from the host. */
export function destination(root: string): string {
  return `${root}/files/etc/bench`;
}

export function script(root: string): string {
  return `mkdir -p ${destination(root)} && cp file-* ${destination(root)}/\n`;
}

export function probe(root: string): string {
  return `test -f ${destination(root)}/file-7.conf\n`;
}
