import { PaiError } from '../../model/errors.js';
import { didYouMean } from '../../model/suggest.js';
import { describeSandbox, formatSandbox } from '../../report/sandbox-text.js';
import { createSandbox, readSandbox, removeSandbox, USUAL_SIZE } from '../../sandbox/create.js';
import { isHostFault, liftFault, setFault } from '../../sandbox/faults.js';
import { growSandbox } from '../../sandbox/grow.js';
import { findHost, openSandboxHosts } from '../../sandbox/hosts.js';
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
  grow,
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
    if (work === undefined) {
      const meant = didYouMean(what, Object.keys(WORK));
      throw new PaiError('USAGE', `pai sandbox has no '${what}'${meant === undefined ? '' : `; ${meant}`}`, {
        next: `There are: ${Object.keys(WORK).join(', ')}.`,
      });
    }
    const { sandboxDirectory = '' } = await placeOf({ io, options: { ...options, sandbox: true } });
    return work(invocation, sandboxLayout(sandboxDirectory), words);
  },
};

async function create({ io, options }: Invocation, layout: SandboxLayout): Promise<number> {
  const size = {
    masters: options.masters ?? USUAL_SIZE.masters,
    workers: options.workers ?? USUAL_SIZE.workers,
    proxy: options.proxy !== false,
    hostsInProcess: options.hostsInProcess === true,
  };
  io.stdout(describeSandbox(await createSandbox(layout, size), layout.directory));
  return EXIT.ok;
}

async function grow({ io, options }: Invocation, layout: SandboxLayout): Promise<number> {
  const workers = options.workers ?? 0;
  const grown = await growSandbox(layout, await existing(layout), workers);
  io.stdout(describeSandbox(grown, layout.directory));
  io.stdout(
    `  ${workers} of the workers ${workers === 1 ? 'is' : 'are'} new and bare: pai run services --sandbox brings ${workers === 1 ? 'it' : 'them'} up\n`,
  );
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
  const change = how === 'set' ? setFault : liftFault;
  for (const { fault, host } of faultsNamed(description, words, how)) await change(layout, description, fault, host);
  io.stdout(formatSandbox(sandboxStatus(layout, description)));
  return EXIT.ok;
}

interface Named {
  readonly fault: HostFault | SandboxFault;
  /** Name of the host; of the whole sandbox without. */
  readonly host?: string;
}

function faultsNamed(sandbox: SandboxDescription, words: readonly string[], how: 'set' | 'lift'): readonly Named[] {
  const [first, second] = words;
  const whole = SANDBOX_FAULTS.find((fault) => fault === first);
  if (whole !== undefined) return [{ fault: whole }];
  const all = (hosts: readonly SandboxHost[]): readonly Named[] =>
    hosts.flatMap(({ name }) => HOST_FAULTS.map((fault) => ({ fault, host: name })));
  if (first === undefined && how === 'lift')
    return [...SANDBOX_FAULTS.map((fault) => ({ fault })), ...all(sandbox.hosts)];
  if (first === undefined || (second === undefined && how === 'set')) {
    throw new PaiError('USAGE', 'say which host and which fault', {
      next: `Faults of a host: ${HOST_FAULTS.join(', ')}; of the whole sandbox: ${SANDBOX_FAULTS.join(', ')}.`,
    });
  }
  const host = findHost(sandbox, first);
  if (second === undefined) return all([host]);
  if (isHostFault(second)) return [{ fault: second, host: host.name }];
  throw new PaiError('USAGE', `${second} is a fault of the whole sandbox`, {
    next: `Say pai sandbox ${how === 'set' ? 'fault' : 'lift'} ${second}.`,
  });
}

async function exec({ io }: Invocation, layout: SandboxLayout, words: readonly string[]): Promise<number> {
  const description = await existing(layout);
  const [name, ...command] = words;
  if (name === undefined || command.length === 0) {
    throw new PaiError('USAGE', 'say on which host, and what', {
      next: 'For example `pai sandbox exec master1 docker ps`; put -- before a command with options.',
    });
  }
  const hosts = openSandboxHosts(layout, description);
  try {
    const { code, stdout, stderr } = await hosts.exec(name, command.join(' '));
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
