import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export const LAYERS = 10;
/** Input files of a target, each of `INPUT_BYTES`. */
export const INPUTS = 10;
export const INPUT_BYTES = 1024;
/** Dependencies of a target, all on the layer below. */
const NEEDS = 3;
/** Outputs are sums modulo this, so that they stay small and a change below changes all that depends on it. */
const MODULUS = 1_000_003;

/** One target of the graph: it lives in the folder `p/<name>`, reads `in0` to `in9` there and writes `out`. */
export interface Node {
  readonly name: string;
  readonly layer: number;
  readonly needs: readonly string[];
  /** What its command does first, as shell text: it burns processor time. Absent: nothing. */
  readonly burn?: string;
}

/** The same for all contenders: `targets` nodes in ten layers, drawn from a seed. `burn`: what every command does first. */
export function makeGraph(targets: number, burn?: string, seed = 1): readonly Node[] {
  const random = generator(seed);
  const width = Math.ceil(targets / LAYERS);
  return Array.from({ length: targets }, (_, index) => {
    const layer = Math.floor(index / width);
    const needs = new Set<string>();
    while (layer > 0 && needs.size < Math.min(NEEDS, width)) {
      needs.add(`t${(layer - 1) * width + Math.floor(random() * width)}`);
    }
    return { name: `t${index}`, layer, needs: [...needs], ...(burn !== undefined && { burn }) };
  });
}

export const folderOf = (name: string): string => `p/${name}`;
export const inputsOf = (name: string): readonly string[] =>
  Array.from({ length: INPUTS }, (_, index) => `${folderOf(name)}/in${index}`);
export const outputOf = (name: string): string => `${folderOf(name)}/out`;

/**
 * What a target does, for a POSIX shell in the project's root, or with `up` (`../../`) in the target's folder: adds the first line of
 * `in0` to the outputs of its needs. It starts no process and notes that it ran.
 */
export function commandOf(node: Node, up = ''): string {
  const own = up === '' ? `${folderOf(node.name)}/` : '';
  const variables = node.needs.map((_, index) => String.fromCharCode('a'.charCodeAt(0) + index));
  const reads = node.needs.map((need, index) => `read ${variables[index]} < ${up}${outputOf(need)}`);
  const sum = ['x', ...variables].join('+');
  return [
    ...(node.burn === undefined ? [] : [node.burn]),
    `read x < ${own}in0`,
    ...reads,
    `echo ${node.name} >> ${up}ran`,
    `echo $(( (${sum}) % ${MODULUS} )) > ${own}out`,
  ].join('; ');
}

/** Writes all inputs. */
export function writeInputs(root: string, graph: readonly Node[], seed = 2): void {
  const random = generator(seed);
  for (const { name } of graph) {
    mkdirSync(join(root, folderOf(name)), { recursive: true });
    for (const input of inputsOf(name)) {
      const words = `${Math.floor(random() * MODULUS)}\n${input} `;
      writeFileSync(join(root, input), `${words}${'.'.repeat(INPUT_BYTES - words.length - 1)}\n`);
    }
  }
}

/** Changes the first line of `in0`, and no byte more. */
export function changeInput(root: string, name: string): void {
  const file = join(root, folderOf(name), 'in0');
  const [first = '', ...rest] = readFileSync(file, 'utf8').split('\n');
  const value = String((Number(first) + 1) % MODULUS).padStart(first.length, ' ');
  // A new file, because folders of contenders share inputs as hard links.
  rmSync(file);
  writeFileSync(file, [value, ...rest].join('\n'));
}

/** Throws when an output is not what the inputs give. */
export function checkOutputs(root: string, graph: readonly Node[]): void {
  const values = new Map<string, number>();
  for (const { name, needs } of graph) {
    const own = Number(readFileSync(join(root, folderOf(name), 'in0'), 'utf8').split('\n')[0]);
    const sum = needs.reduce((total, need) => total + (values.get(need) ?? Number.NaN), own) % MODULUS;
    const found = readFileSync(join(root, outputOf(name)), 'utf8').trim();
    if (found !== String(sum)) throw new Error(`${outputOf(name)} is ${found}, not ${sum}`);
    values.set(name, sum);
  }
}

/** A target and all that depends on it. */
export function affectedBy(graph: readonly Node[], changed: string): ReadonlySet<string> {
  const affected = new Set([changed]);
  for (const { name, needs } of graph) if (needs.some((need) => affected.has(need))) affected.add(name);
  return affected;
}

/** Names of the targets that ran since the last call, in order, each as often as it ran. */
export function takeRan(root: string): readonly string[] {
  const file = join(root, 'ran');
  try {
    // Not line by line: go-task's own shell writes a line feed apart, and another name may come between.
    const names = readFileSync(file, 'utf8').match(/t\d+/g) ?? [];
    rmSync(file);
    return names;
  } catch {
    return [];
  }
}

/** mulberry32: numbers from 0 to 1 from a seed. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
