import type { Group, Target } from '../model/target.js';
import { widthOf } from './text.js';

/** Groups with their sizes, then targets, in order of declaration. */
export function formatList(groups: readonly Group[], targets: readonly Target[]): string {
  const lines: string[] = [];
  if (groups.length > 0) {
    lines.push('groups');
    for (const group of groups) {
      const count = `${group.members.length} target${group.members.length === 1 ? '' : 's'}`;
      lines.push(row(group.name, widthOf(groups.map(({ name }) => name)), `${count}  ${group.description}`));
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
