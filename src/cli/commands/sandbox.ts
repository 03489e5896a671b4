import { PaiError } from '../../model/errors.js';
import { didYouMean } from '../../model/suggest.js';
import { describeSandbox, formatSandbox } from '../../report/sandbox-text.js';
import { createSandbox, readSandbox, removeSandbox, USUAL_SIZE } from '../../sandbox/create.js';
import {
  HOST_FAULTS,
  type HostFault,
  SANDBOX_FAULTS,
  type SandboxDescription,
  type SandboxFault,
  type SandboxHost,
  type SandboxLayout,
  sandboxLayout,
} from '../../sandbox/layout.js';
import { sandboxStatus } from '../../sandbox/status.js';
import { type Command, EXIT, type Invocation, wantsJson } from '../command.js';
import { placeOf } from '../place.js';

type Work = (invocation: Invocation, layout: SandboxLayout, words: readonly string[]) => Promise<number>;

const WORK: Readonly<Record<string, Work>> = {
  create,
  status: showStatus,
  fault: (invocation, layout, words) => changeFault(invocation, layout, words, 'set'),
  lift: (invocation, layout, words) => changeFault(invocation, layout, words, 'lift'),
  exec,
  reset,
};

/** `pai sandbox`: the simulated cluster that `--sandbox` works on. */
export const sandbox: Command = {
  async execute(invocation) {
    const { io, options, patterns } = invocation;
    const [what = '', ...words] = patterns;
    const work = Object.hasOwn(WORK, what) ? WORK[what] : undefined;
    if (work === undefined) throw unknown(`pai sandbox has no '${what}'`, what, Object.keys(WORK));
    const { sandboxDirectory = '' } = await placeOf({ io, options: { ...options, sandbox: true } });
    return work(invocation, sandboxLayout(sandboxDirectory), words);
  },
};

async function create({ io, options }: Invocation, layout: SandboxLayout): Promise<number> {
  const size = {
    masters: options.masters ?? USUAL_SIZE.masters,
    workers: options.workers ?? USUAL_SIZE.workers,
    proxy: options.proxy !== false,
  };
  io.stdout(describeSandbox(await createSandbox(layout, size), layout.directory));
  return EXIT.ok;
}

async function showStatus({ io, options }: Invocation, layout: SandboxLayout): Promise<number> {
  const status = sandboxStatus(layout, await existing(layout));
  io.stdout(wantsJson(options) ? `${JSON.stringify(status)}\n` : formatSandbox(status));
  return EXIT.ok;
}

/** `fault HOST FAULT` and `fault FAULT`; `lift` without a fault lifts all of the host, without a host all there are. */
async function changeFault(
  { io }: Invocation,
  layout: SandboxLayout,
  words: readonly string[],
  how: 'set' | 'lift',
): Promise<number> {
  const description = await existing(layout);
  const { setFault, liftFault } = await import('../../sandbox/faults.js');
  const change = how === 'set' ? setFault : liftFault;
  for (const { fault, host } of faultsNamed(description, words, how)) {
    await change(layout, description, fault, host?.name);
    if (how === 'set') io.stdout(`${host === undefined ? 'the sandbox' : host.name}: ${fault}\n`);
  }
  if (how === 'lift') io.stdout(formatSandbox(sandboxStatus(layout, description)));
  return EXIT.ok;
}

interface Named {
  readonly fault: HostFault | SandboxFault;
  readonly host?: SandboxHost;
}

function faultsNamed(sandbox: SandboxDescription, words: readonly string[], how: 'set' | 'lift'): readonly Named[] {
  const [first, second] = words;
  const whole = SANDBOX_FAULTS.find((fault) => fault === first);
  if (whole !== undefined) return [{ fault: whole }];
  if (first === undefined) {
    if (how === 'set')
      throw usage(
        'say which host and which fault',
        `Faults of a host: ${HOST_FAULTS.join(', ')}; of all: ${SANDBOX_FAULTS.join(', ')}.`,
      );
    return [
      ...SANDBOX_FAULTS.map((fault) => ({ fault })),
      ...sandbox.hosts.flatMap((host) => HOST_FAULTS.map((fault) => ({ fault, host }))),
    ];
  }
  const host = hostNamed(sandbox, first, SANDBOX_FAULTS);
  if (second === undefined && how === 'lift') return HOST_FAULTS.map((fault) => ({ fault, host }));
  const fault = HOST_FAULTS.find((fault) => fault === second);
  if (fault === undefined) throw unknown(`there is no fault '${second ?? ''}'`, second ?? '', HOST_FAULTS);
  return [{ fault, host }];
}

async function exec({ io }: Invocation, layout: SandboxLayout, words: readonly string[]): Promise<number> {
  const description = await existing(layout);
  const [name, ...command] = words;
  if (name === undefined || command.length === 0) {
    throw usage(
      'say on which host, and what',
      'For example `pai sandbox exec master1 docker ps`; put -- before a command with options.',
    );
  }
  const host = hostNamed(description, name, []);
  const { openSandboxHosts } = await import('../../sandbox/hosts.js');
  const hosts = openSandboxHosts(layout, description);
  try {
    const { code, stdout, stderr } = await hosts.exec(host.name, command.join(' '));
    io.stdout(stdout);
    io.stderr(stderr);
    return code;
  } finally {
    await hosts.close();
  }
}

async function reset({ io }: Invocation, layout: SandboxLayout): Promise<number> {
  await removeSandbox(layout);
  io.stdout('the sandbox is gone; the next command with --sandbox makes a new one\n');
  return EXIT.ok;
}

async function existing(layout: SandboxLayout): Promise<SandboxDescription> {
  const description = await readSandbox(layout);
  if (description !== undefined) return description;
  throw new PaiError('SANDBOX', 'there is no sandbox yet', {
    next: 'Make one: `pai sandbox create`, or just `pai run services --sandbox`.',
  });
}

function hostNamed({ hosts }: SandboxDescription, name: string, others: readonly string[]): SandboxHost {
  const host = hosts.find((host) => host.name === name);
  if (host === undefined)
    throw unknown(`the sandbox has no host '${name}'`, name, [...hosts.map(({ name }) => name), ...others]);
  return host;
}

function unknown(what: string, name: string, names: readonly string[]): PaiError {
  const meant = didYouMean(name, names);
  const shown = names.slice(0, 12);
  return usage(
    `${what}${meant === undefined ? '' : `; ${meant}`}`,
    `There are: ${shown.join(', ')}${names.length > shown.length ? ', ...' : ''}.`,
  );
}

function usage(what: string, next: string): PaiError {
  return new PaiError('USAGE', what, { next });
}
