import type { Group, Target } from '../model/target.js';
import { widthOf } from './text.js';

/** Groups with their sizes, then targets, in order of declaration. */
export function formatList(groups: readonly Group[], targets: readonly Target[]): string {
  const lines: string[] = [];
  if (groups.length > 0) {
    lines.push('groups');
    const counts = groups.map(({ members }) => `${members.length} target${members.length === 1 ? '' : 's'}`);
    const names = groups.map(({ name }) => name);
    for (const [index, group] of groups.entries()) {
      const count = (counts[index] ?? '').padEnd(widthOf(counts));
      lines.push(row(group.name, widthOf(names), `${count}  ${group.description}`));
    }
    lines.push('', 'targets');
  }
  const width = widthOf(targets.map(({ name }) => name));
  for (const target of targets) lines.push(row(target.name, width, target.description));
  if (targets.length === 0) lines.push('  none');
  return `${lines.join('\n')}\n`;
}

function row(name: string, width: number, text: string): string {
  return `  ${name.padEnd(width)}  ${text}`.trimEnd();
}
