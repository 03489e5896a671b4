import { select } from '../../graph/select.js';
import { formatList } from '../../report/list-text.js';
import { type Command, EXIT, wantsJson } from '../command.js';
import { openProject } from '../project.js';

/** `pai list`: groups and targets as declared; with patterns, only the targets that they stand for. */
export const list: Command = {
  async execute(invocation) {
    const { io, patterns, options } = invocation;
    const { graph } = await openProject(invocation, { quiet: true });
    const chosen = new Set(select(graph, patterns));
    const targets = [...graph.targets.values()].filter((target) => patterns.length === 0 || chosen.has(target));
    const groups = patterns.length === 0 ? [...graph.groups.values()] : [];
    if (!wantsJson(options)) {
      io.stdout(formatList(groups, targets));
      return EXIT.ok;
    }
    // Actions are code.
    const told = targets.map(({ action: _, ...target }) => target);
    io.stdout(`${JSON.stringify({ groups, targets: told })}\n`);
    return EXIT.ok;
  },
};
