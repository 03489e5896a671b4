import path from 'node:path';
import { explainField } from '../../cluster/explain.js';
import { checkConfiguration, type LoadClusterOptions, loadCluster } from '../../cluster/load.js';
import { configurationError, placed } from '../../cluster/problems.js';
import { REFERENCE_TAGS } from '../../cluster/references.js';
import { asJson, shownFiles } from '../../cluster/shown.js';
import { errorReport } from '../../model/error-report.js';
import { PaiError, toPaiError } from '../../model/errors.js';
import { formatExplanations, formatValid } from '../../report/config-text.js';
import { EXIT, type Invocation, wantsJson } from '../command.js';
import { configurationOf } from '../configuration.js';
import { placeOf } from '../place.js';
import type { ConfigWork } from './config.js';

/** `pai config validate`: everything that is wrong, also with what references of secrets give. */
export const validate: ConfigWork = async (invocation, words) => {
  const { io, options } = invocation;
  expectWords(words, 0, 'validate');
  const from = await whereOf(invocation);
  if (wantsJson(options)) {
    const { problems, warnings, resolver } = await checkConfiguration(from);
    const missed = await resolver.revealAll().then(
      () => undefined,
      (error: unknown) => errorReport(toPaiError(error)),
    );
    const valid = problems.length === 0 && missed === undefined;
    io.stdout(`${JSON.stringify({ valid, problems, warnings, ...(missed && { secrets: missed.details }) })}\n`);
    return valid ? EXIT.ok : EXIT.usage;
  }
  const cluster = await loadCluster({
    ...from,
    warn: (warnings) => {
      for (const warning of warnings) io.stderr(`warning: ${placed(warning)}\n`);
    },
  });
  await cluster.revealSecrets();
  io.stdout(formatValid(cluster));
  return EXIT.ok;
};

/** `pai config show`: the files as one stream of YAML documents, without secrets. */
export const show: ConfigWork = async (invocation, words) => {
  const { io, options } = invocation;
  expectWords(words, 0, 'show');
  const resolved = options.resolved === true;
  const checked = await checkConfiguration(await whereOf(invocation));
  const unreadable = Object.values(checked.files).some(({ yaml }) => yaml.data === undefined);
  if (unreadable || (resolved && checked.problems.length > 0)) throw configurationError(checked.problems);
  const files = shownFiles(checked.files, { resolved });
  if (wantsJson(options)) {
    io.stdout(`${JSON.stringify(asJson(files))}\n`);
    return EXIT.ok;
  }
  const { CORE_SCHEMA, dump } = await import('js-yaml');
  const schema = CORE_SCHEMA.withTags([...REFERENCE_TAGS]);
  const documents = Object.entries(files).map(
    ([name, content]) => `# ${name}\n${dump(content, { schema, noRefs: true })}`,
  );
  io.stdout(documents.join('---\n'));
  return EXIT.ok;
};

/** `pai config explain FIELD`: what it is, and where it is set. */
export const explain: ConfigWork = async (invocation, words) => {
  const { io, options } = invocation;
  expectWords(words, 1, 'explain <field>');
  const from = await whereOf(invocation);
  const checked = await checkConfiguration(from).catch((error: unknown) => {
    // What a field is can be told without a configuration.
    if (error instanceof PaiError && error.code === 'CONFIG_MISSING') return undefined;
    throw error;
  });
  const explanations = explainField(words[0] ?? '', checked?.files);
  io.stdout(wantsJson(options) ? `${JSON.stringify(explanations)}\n` : formatExplanations(explanations));
  return EXIT.ok;
};

/** Where the configuration is that a command is about. */
async function whereOf(invocation: Invocation): Promise<LoadClusterOptions> {
  const place = await placeOf(invocation);
  return configurationOf(place, path.join(place.root, 'service-list.yaml'));
}

function expectWords(words: readonly string[], count: number, usage: string): void {
  if (words.length === count) return;
  const what = words.length > count ? `'${words[count]}' is too much` : 'something is missing';
  throw new PaiError('USAGE', what, { next: `Say \`pai config ${usage}\`.` });
}
