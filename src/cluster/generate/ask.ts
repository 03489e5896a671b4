import { PaiError } from '../../model/errors.js';
import { formats } from '../formats.js';
import type { Role } from '../model.js';
import { type Reference, referenceFrom } from '../references.js';
import type { Wishes } from './configuration-texts.js';
import type { ListedMachine } from './machine-list.js';

/** How often a question is asked that gets no answer of use; then somebody may not be there at all. */
const TRIES = 3;

/** What a person is asked with. */
export interface Asking {
  /** Asks a question and resolves to what was typed; empty at the end of the input. */
  ask(question: string): Promise<string>;
  /** One line, such as why an answer is of no use. */
  tell(line: string): void;
}

/** What is proposed. */
export interface Proposals {
  readonly user: string;
  /** A name server, if one is known. */
  readonly clusterDns?: string;
}

/** Asks for what a configuration needs. Throws NOT_CONFIRMED when there are no answers. */
export async function askWishes(asking: Asking, proposals: Proposals, listDirectory: string): Promise<Wishes> {
  const ask = (question: string, check: Check, proposal?: string) => askOne(asking, question, check, proposal);
  const clusterId = await ask('Name of the cluster', form('identifier'), 'pai');
  const masters = wordsOf(await ask('Addresses of the masters (one, or three)', addresses(1)));
  const taken = new Set(masters);
  const proxy =
    masters.length === 1
      ? ''
      : await ask('Address of a machine that is the proxy before them', unlessIn(taken, addresses(1, 1)));
  if (proxy !== '') taken.add(proxy);
  const workers = wordsOf(await ask('Addresses of the workers (may be none)', unlessIn(taken, addresses(0)), ''));
  const user = await ask('User who logs in, and may sudo', form('user-name'), proposals.user);
  const keyfile = await ask('Private key of that user, or none', isText, '~/.ssh/id_ed25519');
  const withKey = keyfile !== 'none';
  const password = await ask(
    'Where its password is kept (!env NAME, !file PATH, !exec COMMAND), or none',
    withKey ? orNone(isReference) : isReference,
    withKey ? 'none' : '!env SSH_PASSWORD',
  );
  const clusterDns = await ask('Address of the name server', form('ip-address'), proposals.clusterDns);
  const componentRegistry = await ask("Registry of Kubernetes' own images, host[:port]/path", form('image-prefix'));
  const registryDomain = await ask("Registry of your services' images, host[:port] or public", form('registry'));
  const registryNamespace = await ask('Path in it', form('image-path'), 'pai');

  const secret: Reference | undefined = referenceFrom(password);
  const machine =
    (role: Role) =>
    (address: string, index: number): ListedMachine => ({
      address,
      user,
      role,
      hostname: `${role}${index + 1}`,
      ...(withKey && { keyfile }),
      ...(secret && { password: secret }),
    });
  const machines = [
    ...masters.map(machine('master')),
    ...wordsOf(proxy).map(machine('proxy')),
    ...workers.map(machine('worker')),
  ];
  return { machines, listDirectory, clusterId, clusterDns, componentRegistry, registryDomain, registryNamespace };
}

/** Why an answer is of no use; undefined for one that is. */
type Check = (answer: string) => string | undefined;

async function askOne(asking: Asking, question: string, check: Check, proposal?: string): Promise<string> {
  const shown = proposal === undefined || proposal === '' ? '' : ` [${proposal}]`;
  for (let tries = 0; tries < TRIES; tries++) {
    const typed = (await asking.ask(`${question}${shown}: `)).trim();
    const answer = typed === '' ? proposal : typed;
    const wrong = answer === undefined ? 'it needs an answer' : check(answer);
    if (answer !== undefined && wrong === undefined) return answer;
    asking.tell(`  ${wrong}`);
  }
  throw new PaiError('NOT_CONFIRMED', `no answer to: ${question}; nothing was written`, {
    next: 'Run `pai init` again, or write a list of machines and run `pai config generate -i LIST -o DIR`.',
  });
}

function form(name: string): Check {
  return (answer) => (formats[name]?.test.test(answer) ? undefined : `it must be ${formats[name]?.phrase}`);
}

const isText: Check = () => undefined;

const isReference: Check = (answer) =>
  referenceFrom(answer) === undefined
    ? 'say where it is kept, not what it is: !env NAME, !file PATH, !exec COMMAND'
    : undefined;

function orNone(check: Check): Check {
  return (answer) => (answer === 'none' ? undefined : check(answer));
}

function addresses(least: number, most = Number.POSITIVE_INFINITY): Check {
  return (answer) => {
    const words = wordsOf(answer);
    const wrong = words.find((word) => form('ip-address')(word) !== undefined);
    if (wrong !== undefined) return `${wrong} is no IPv4 or IPv6 address`;
    if (new Set(words).size < words.length) return 'an address is there twice';
    if (words.length < least) return 'it needs an answer';
    return words.length > most ? 'it is one machine' : undefined;
  };
}

function unlessIn(taken: ReadonlySet<string>, check: Check): Check {
  return (answer) => {
    const again = wordsOf(answer).find((word) => taken.has(word));
    return again === undefined ? check(answer) : `${again} is that of another machine already`;
  };
}

function wordsOf(text: string): readonly string[] {
  return text.split(/[\s,]+/).filter(Boolean);
}
