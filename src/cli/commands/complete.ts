import type { Graph } from '../../graph/graph.js';
import { EXIT } from '../command.js';
import { candidates } from '../completion/candidates.js';
import type { Io } from '../io.js';
import { openProject } from '../project.js';

/**
 * `pai __complete WORD...`, for the scripts of `pai completion`: the last word is being typed. Writes one candidate a line, with a tab
 * and a few words. Whatever is wrong, it says nothing: nobody asked for an error while typing.
 */
export async function complete(words: readonly string[], io: Io): Promise<number> {
  const graph = async (path: string | undefined): Promise<Graph | undefined> => {
    try {
      const options = path === undefined ? {} : { path };
      return (await openProject({ io, patterns: [], options, commandLine: '', began: Date.now() }, { quiet: true }))
        .graph;
    } catch {
      return undefined;
    }
  };
  const found = await candidates(words, graph);
  io.stdout(found.map(({ value, summary }) => `${value}${summary === '' ? '' : `\t${oneLine(summary)}`}\n`).join(''));
  return EXIT.ok;
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}
