import type { Explanation, SetAt } from '../cluster/explain.js';
import type { Cluster } from '../cluster/model.js';

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
