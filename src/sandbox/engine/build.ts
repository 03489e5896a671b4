import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { extract } from 'tar-stream';
import { expandVariables } from '../../model/expand-variables.js';
import type { JsonObject } from '../../model/json.js';
import { listAt, objectAt, textAt, textsAt } from '../../model/json-path.js';
import { parseJson } from '../../model/parse-json.js';
import { command, type Instruction, jsonWords, pairs, parseDockerfile, words } from './dockerfile.js';
import type { ImageStore, Layer, StoredImage } from './images.js';

/** What a build is asked for. */
export interface BuildOptions {
  readonly name: string;
  readonly context: Buffer;
  readonly dockerfile: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly buildArgs: Readonly<Record<string, string>>;
}

/** A step that failed, in the builder's words. */
export class BuildError extends Error {}

/** Where a build gets its base images of the sandbox's registry. Throws BuildError. */
export type BaseImages = (name: string) => Promise<StoredImage | undefined>;

interface Stage {
  configuration: Record<string, JsonObject[string]>;
  layers: readonly Layer[];
  history: string[];
  values: Map<string, string>;
}

/**
 * A build like the classic builder's, with the same output. Nothing is run: RUN is told and passed over, and what COPY would
 * put into the image stays in its one layer as it came, which is the build context itself.
 */
export async function buildImage(
  store: ImageStore,
  options: BuildOptions,
  bases: BaseImages,
  emit: (line: string) => void,
): Promise<StoredImage> {
  const files = await filesOf(options.context);
  const dockerfile = files.get(options.dockerfile);
  if (dockerfile === undefined) throw new BuildError(`Cannot locate specified Dockerfile: ${options.dockerfile}`);
  const instructions = withLabels(parseDockerfile(dockerfile.toString('utf8')), options.labels);
  const global = new Map<string, string>();
  const stages = new Map<string, Stage>();
  let stage: Stage | undefined;
  let id = '';
  for (const [index, instruction] of instructions.entries()) {
    const { name, rest } = instruction;
    emit(`Step ${index + 1}/${instructions.length} : ${name} ${rest}\n`);
    if (name === 'FROM') {
      stage = await beginStage(rest, global, stages, bases, emit);
    } else if (stage === undefined) {
      takeArgument(rest, options.buildArgs, global, new Map());
    } else {
      if (name === 'ARG') takeArgument(rest, options.buildArgs, stage.values, global);
      else if (name === 'COPY' || name === 'ADD')
        checkSources(name, expandVariables(rest, stage.values), [...files.keys()]);
      else if (name === 'RUN') emit(' ---> not run (simulated)\n');
      else if (instruction.line === ASKED_FOR) addLabels(stage, options.labels);
      else configure(stage, instruction);
      stage.history.push(`${name} ${rest}`);
    }
    id = createHash('sha256').update(`${id}\n${name} ${rest}`).digest('hex').slice(0, 12);
    emit(` ---> ${id}\n`);
  }
  if (stage === undefined) throw new BuildError('no build stage in current context');
  const layers = [...stage.layers, store.addLayer(options.context)];
  const image = store.add(options.name, configurationOf(stage, layers), layers);
  emit(`Successfully built ${image.id.slice(7, 19)}\n`);
  emit(`Successfully tagged ${options.name}\n`);
  return image;
}

/** Line of an instruction that the Dockerfile has not. */
const ASKED_FOR = 0;

/** Labels that are asked for besides become the last step. */
function withLabels(
  instructions: readonly Instruction[],
  labels: Readonly<Record<string, string>>,
): readonly Instruction[] {
  const entries = Object.entries(labels);
  if (entries.length === 0) return instructions;
  const quoted = entries.map(([key, value]) => `${key}='${value}'`);
  return [...instructions, { name: 'LABEL', rest: quoted.join(' '), line: ASKED_FOR }];
}

async function beginStage(
  rest: string,
  global: ReadonlyMap<string, string>,
  stages: Map<string, Stage>,
  bases: BaseImages,
  emit: (line: string) => void,
): Promise<Stage> {
  const [name = '', as, alias] = words(rest).filter((word) => !word.startsWith('--'));
  const base = expandVariables(name, global);
  if (base === '') throw new BuildError(`base name (${name}) should not be blank`);
  const stage = await stageOf(base, stages, bases, emit);
  stages.set(String(stages.size), stage);
  if (as?.toUpperCase() === 'AS' && alias !== undefined) stages.set(alias.toLowerCase(), stage);
  return stage;
}

async function stageOf(
  base: string,
  stages: ReadonlyMap<string, Stage>,
  bases: BaseImages,
  emit: (line: string) => void,
): Promise<Stage> {
  const earlier = stages.get(base.toLowerCase());
  if (earlier !== undefined) {
    return {
      configuration: { ...earlier.configuration },
      layers: earlier.layers,
      history: [...earlier.history],
      values: new Map(),
    };
  }
  const empty: Stage = { configuration: {}, layers: [], history: [], values: new Map() };
  if (base === 'scratch') return empty;
  const image = await bases(base);
  if (image === undefined) {
    emit(` ---> ${base} is taken as an empty image (simulated)\n`);
    return empty;
  }
  const parsed = parseJson(image.configuration);
  const history = listAt(parsed, 'history').map((entry) => textAt(entry, 'created_by') ?? '');
  const values = new Map(listAt(parsed, 'config', 'Env').map((entry) => splitPair(String(entry))));
  return { configuration: { ...objectAt(parsed, 'config') }, layers: image.layers, history, values };
}

function splitPair(text: string): readonly [string, string] {
  const at = text.indexOf('=');
  return [text.slice(0, at), text.slice(at + 1)];
}

function takeArgument(
  rest: string,
  given: Readonly<Record<string, string>>,
  values: Map<string, string>,
  outer: ReadonlyMap<string, string>,
): void {
  for (const word of words(rest)) {
    const at = word.indexOf('=');
    const name = at < 0 ? word : word.slice(0, at);
    const value = given[name] ?? (at < 0 ? outer.get(name) : expandVariables(word.slice(at + 1), values));
    if (value !== undefined) values.set(name, value);
  }
}

/** What COPY and ADD name must be in the context. What comes from another stage, or over the network, is not looked at. */
function checkSources(name: string, rest: string, paths: readonly string[]): void {
  const flags = words(rest).filter((word) => word.startsWith('--'));
  if (flags.some((flag) => flag.startsWith('--from='))) return;
  const plain = rest.replace(/^(\s*--\S+)+\s*/, '');
  const list = jsonWords(plain) ?? words(plain);
  if (list.length < 2) {
    throw new BuildError(
      `${name} requires at least two arguments, but only one was provided. Destination could not be determined.`,
    );
  }
  for (const source of list.slice(0, -1)) {
    if (/^(https?|git):\/\//.test(source)) continue;
    const wanted = source.replace(/^(\.?\/)+/, '').replace(/\/+$/, '');
    if (wanted === '' || wanted === '.') continue;
    if (/[*?[]/.test(wanted)) {
      const pattern = globPattern(wanted);
      if (!paths.some((path) => pattern.test(path)))
        throw new BuildError(`${name} failed: no source files were specified`);
    } else if (!paths.some((path) => path === wanted || path.startsWith(`${wanted}/`))) {
      throw new BuildError(
        `${name} failed: file not found in build context or excluded by .dockerignore: stat ${wanted}: file does not exist`,
      );
    }
  }
}

function globPattern(glob: string): RegExp {
  const text = glob
    .replace(/[.+^${}()|\\]/g, '\\$&')
    .replaceAll('*', '[^/]*')
    .replaceAll('?', '[^/]');
  return new RegExp(`^${text}(/|$)`);
}

function configure(stage: Stage, { name, rest }: Instruction): void {
  const { configuration, values } = stage;
  const text = expandVariables(rest, values);
  const add = (key: string, entries: JsonObject) => {
    configuration[key] = { ...objectAt({ old: configuration[key] ?? null }, 'old'), ...entries };
  };
  const empty = (list: readonly string[]) => Object.fromEntries(list.map((one) => [one, {}]));
  switch (name) {
    case 'ENV':
      for (const [key, value] of pairs(text)) values.set(key, value);
      configuration.Env = [
        ...listAt({ old: configuration.Env ?? null }, 'old').filter(
          (entry) => !pairs(text).some(([key]) => String(entry).startsWith(`${key}=`)),
        ),
        ...pairs(text).map(([key, value]) => `${key}=${value}`),
      ];
      break;
    case 'LABEL':
      addLabels(stage, Object.fromEntries(pairs(text)));
      break;
    case 'CMD':
      configuration.Cmd = command(rest);
      break;
    case 'ENTRYPOINT':
      configuration.Entrypoint = command(rest);
      break;
    case 'USER':
      configuration.User = text;
      break;
    case 'WORKDIR':
      configuration.WorkingDir = text;
      break;
    case 'STOPSIGNAL':
      configuration.StopSignal = text;
      break;
    case 'EXPOSE':
      add('ExposedPorts', empty(words(text).map((port) => (port.includes('/') ? port : `${port}/tcp`))));
      break;
    case 'VOLUME':
      add('Volumes', empty(jsonWords(text) ?? words(text)));
      break;
    default:
  }
}

function addLabels({ configuration }: Stage, labels: Readonly<Record<string, string>>): void {
  configuration.Labels = { ...objectAt({ labels: configuration.Labels ?? null }, 'labels'), ...labels };
}

/** Equal for equal builds: its time is the epoch. */
function configurationOf(stage: Stage, layers: readonly Layer[]): string {
  const created = '1970-01-01T00:00:00Z';
  const steps = stage.history.map((step) => ({ created, created_by: step, empty_layer: true }));
  return JSON.stringify({
    architecture: 'amd64',
    os: 'linux',
    created,
    config: { ...stage.configuration, Labels: textsAt({ labels: stage.configuration.Labels ?? null }, 'labels') },
    rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) },
    history: [...steps, { created, created_by: 'the build context (simulated)' }],
  });
}

/** Regular files of a tar. */
async function filesOf(tar: Buffer): Promise<ReadonlyMap<string, Buffer>> {
  const files = new Map<string, Buffer>();
  const entries = Readable.from([tar], { objectMode: false }).pipe(extract());
  for await (const entry of entries) {
    const chunks: Buffer[] = [];
    for await (const chunk of entry as AsyncIterable<Buffer>) chunks.push(chunk);
    const name = entry.header.name.replace(/^\.\//, '');
    if (entry.header.type === 'file') files.set(name, Buffer.concat(chunks));
  }
  return files;
}
