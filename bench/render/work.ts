import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** What every contender is given, as JSON in a file. */
export interface Work {
  readonly templates: Readonly<Record<string, string>>;
  readonly cluster: Readonly<Record<string, unknown>>;
  readonly hosts: readonly Readonly<Record<string, unknown>>[];
}

/** What it prints, as JSON. CPU in seconds, user and system. */
export interface Outcome {
  readonly renderCpu: number;
  readonly processCpu: number;
  readonly texts: number;
  readonly digest: string;
}

/** Renders all templates for all hosts, in one process that has just started, and prints what that cost. */
export async function measure(
  render: (work: Work) => Promise<(name: string, values: object) => string>,
): Promise<void> {
  const work: Work = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8'));
  const start = process.cpuUsage();
  const one = await render(work);
  const texts: string[] = [];
  for (const host of work.hosts) {
    for (const name of Object.keys(work.templates)) texts.push(one(name, { host, cluster: work.cluster }));
  }
  const { user, system } = process.cpuUsage(start);
  const all = process.cpuUsage();
  const outcome: Outcome = {
    renderCpu: (user + system) / 1e6,
    processCpu: (all.user + all.system) / 1e6,
    texts: texts.length,
    // nunjucks keeps a file's last line end.
    digest: createHash('sha256')
      .update(texts.map((text) => text.replace(/\n$/, '')).join('\0'))
      .digest('hex'),
  };
  process.stdout.write(JSON.stringify(outcome));
}
