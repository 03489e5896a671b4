import type { Explanation, SetAt } from '../cluster/explain.js';
import type { Placeholder } from '../cluster/generate/configuration-texts.js';
import type { Cluster } from '../cluster/model.js';
import type { Reference } from '../cluster/references.js';
import type { Revision } from '../kube/configuration-store.js';
import { diffLines } from './diff-text.js';
import type { Hunk } from './line-diff.js';
import type { Style } from './style.js';

/** Places of a field that are told; of the rest only how many there are. */
const MOST_PLACES = 10;

/** What a valid configuration is of, on one line. */
export function formatValid({ services, masters, workers, proxies, images, serviceList }: Cluster): string {
  const parts = [
    count(masters.length, 'master'),
    ...(proxies.length === 0 ? [] : [count(proxies.length, 'proxy', 'proxies')]),
    count(workers.length, 'worker'),
    count(images.length, 'image'),
    count(serviceList.length, 'service'),
  ];
  return `the configuration of ${services.clusterId} is valid: ${parts.join(', ')}\n`;
}

/** Revisions, one a line. */
export function formatHistory(revisions: readonly Revision[]): string {
  if (revisions.length === 0) return 'the cluster has no copy of the configuration\n';
  const width = Math.max(...revisions.map(({ number }) => String(number).length));
  return revisions.map(({ number, by, at }) => `${String(number).padStart(width)}  ${at}  ${by}\n`).join('');
}

/** A file that differs, and how. */
export interface FileDiff {
  readonly file: string;
  readonly hunks: readonly Hunk[];
  /** What its lines do not show. */
  readonly beside: readonly string[];
}

/** From a copy in the cluster to what is here, in unified format. */
export function formatConfigurationDiff(revision: Revision, files: readonly FileDiff[], style: Style): string {
  const { number, by } = revision;
  if (files.length === 0) return `the same as revision ${number} (${by})\n`;
  const lines = files.flatMap(({ file, hunks, beside }) => [
    style.bad(`--- ${file}  revision ${number}, ${by}`),
    style.good(`+++ ${file}  here`),
    ...diffLines({ kind: 'lines', beside, hunks }, style),
  ]);
  return `${lines.join('\n')}\n`;
}

/** What was written to a folder, what of it is a guess, and what to do next. `folder`: as a shell reads it. */
export function formatGenerated(
  cluster: Cluster,
  folder: string,
  { placeholders, password }: { readonly placeholders: readonly Placeholder[]; readonly password?: Reference },
): string {
  const { masters, proxies, workers } = cluster;
  const machines = [
    count(masters.length, 'master'),
    ...(proxies.length === 0 ? [] : [count(proxies.length, 'proxy', 'proxies')]),
    count(workers.length, 'worker'),
  ];
  const width = Math.max(...placeholders.map(({ field }) => field.length));
  const open = placeholders.map(({ file, field, value }) => `  ${field.padEnd(width)}  ${value}  (${file})`);
  return [
    `wrote the configuration of ${machines.join(', ')} to ${folder}`,
    ...(open.length === 0 ? [] : ['set these yourself; so far they are as in the example:', ...open]),
    ...(password === undefined
      ? []
      : [`password of machines without password and keyfile: ${password}; export it, or set another, or a key, there`]),
    `next: look at ${folder}/cluster-configuration.yaml (machine-sku: memory and cores), then \`pai plan -p ${folder}\``,
    '',
  ].join('\n');
}

function count(many: number, one: string, more = `${one}s`): string {
  return `${many} ${many === 1 ? one : more}`;
}

/** Fields with what they are and where they are set. */
export function formatExplanations(explanations: readonly Explanation[]): string {
  return `${explanations.map((one) => explain(one).join('\n')).join('\n\n')}\n`;
}

function explain({ field, file, description, type, required, set, ...more }: Explanation): readonly string[] {
  const ifNot = more.default === undefined ? 'none' : JSON.stringify(more.default);
  return [
    `${field}  (${file})`,
    `  ${description}`,
    `  type     ${type}${required ? '; required' : ''}`,
    `  default  ${ifNot}`,
    ...(set === undefined ? [] : whereSet(set)),
  ];
}

function whereSet(set: readonly SetAt[]): readonly string[] {
  if (set.length === 0) return ['  here     not set'];
  const told = set.slice(0, MOST_PLACES).map(({ where, value, reference }, index) => {
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    const from = reference === undefined ? '' : `, from ${reference}`;
    return `  ${index === 0 ? 'here   ' : '       '}  ${text}${from}  (${where})`;
  });
  const more = set.length - told.length;
  return more === 0 ? told : [...told, `           and at ${more} more`];
}
