import { readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { PaiError } from '../model/errors.js';
import { checkHostCount, machineEntry, machinesOf, writeDescription } from './create.js';
import type { SandboxDescription, SandboxHost, SandboxLayout } from './layout.js';

/** What of cluster-configuration.yaml is looked at. */
interface Machines {
  readonly 'machine-list': readonly { readonly hostname?: unknown }[];
}

/**
 * Adds bare workers to a sandbox and to its configuration, of which all else stays as it is.
 * @throws PaiError USAGE for more than can be had, SANDBOX when the configuration has no list of machines
 */
export async function growSandbox(
  layout: SandboxLayout,
  sandbox: SandboxDescription,
  workers: number,
): Promise<SandboxDescription> {
  if (workers < 1) throw new PaiError('USAGE', 'say how many workers are added', { next: 'Say --workers 1 or more.' });
  checkHostCount(sandbox.hosts.length + workers, sandbox.hostsInProcess === true);
  const present = sandbox.hosts.filter(({ role }) => role === 'worker').length;
  const added = machinesOf('worker', workers, present);
  const grown = { ...sandbox, hosts: [...sandbox.hosts, ...added] };
  await addMachines(path.join(layout.configuration, 'cluster-configuration.yaml'), added);
  // Last: when it fails before, the same call does the rest.
  await writeDescription(layout, grown);
  return grown;
}

async function addMachines(file: string, added: readonly SandboxHost[]): Promise<void> {
  const { dump, load } = await yamlWithTags();
  const text = await readFile(file, 'utf8');
  const before = load(text);
  if (!hasMachines(before)) {
    throw new PaiError('SANDBOX', 'there is no machine-list to add workers to', {
      where: file,
      next: 'Correct the file, or make the sandbox anew: `pai sandbox reset`, then `pai sandbox create`.',
    });
  }
  const names = new Set(before['machine-list'].map(({ hostname }) => hostname));
  const entries = added.filter(({ name }) => !names.has(name)).map(machineEntry);
  if (entries.length === 0) return;
  const after = { ...before, 'machine-list': [...before['machine-list'], ...entries] };
  const appended = `${text.endsWith('\n') ? text : `${text}\n`}${indented(dump(entries), text)}`;
  // Comments stay where the list is the file's last part, as it was made.
  const whole = dump(safely(() => load(appended))) === dump(after) ? appended : dump(after);
  await writeFile(`${file}.new`, whole, { mode: 0o600 });
  await rename(`${file}.new`, file);
}

/** A value with a tag of its own (`!env NAME`), which stays as it is. */
class Tagged {
  readonly tag: string;
  readonly text: string;

  constructor(tag: string, text: string) {
    this.tag = tag;
    this.text = text;
  }
}

async function yamlWithTags() {
  const yaml = await import('js-yaml');
  const tagged = yaml.defineScalarTag<Tagged>('!', {
    matchByTagPrefix: true,
    resolve: (text, _, tag) => new Tagged(tag, text),
    identify: (value) => value instanceof Tagged,
    represent: (value: Tagged) => value.text,
    representTagName: (value: Tagged) => value.tag,
  });
  const schema = yaml.CORE_SCHEMA.withTags([tagged]);
  return {
    load: (text: string): unknown => yaml.load(text, { schema }),
    dump: (value: unknown): string => yaml.dump(value, { schema }),
  };
}

function hasMachines(content: unknown): content is Machines {
  return (
    typeof content === 'object' &&
    content !== null &&
    'machine-list' in content &&
    Array.isArray(content['machine-list'])
  );
}

/** As deep as the list's last entry. */
function indented(items: string, text: string): string {
  const [, indent = ''] = /\n( *)- [^\n]*\n(?:(?! *- )[^\n]*\n)*$/.exec(text) ?? [];
  return items.replaceAll(/^(?=.)/gm, indent);
}

function safely<T>(load: () => T): T | undefined {
  try {
    return load();
  } catch {
    return undefined;
  }
}
