import { PaiError } from '../../model/errors.js';
import { didYouMean } from '../../model/suggest.js';
import { type Command, EXIT, type Invocation } from '../command.js';
import { findRoot } from '../root.js';
import { operationCommand } from './operation.js';

const operations = operationCommand('service');
/** Actions that know options of their own. */
const OWN_OPTIONS: Readonly<Record<string, readonly string[]>> = {
  follow: ['logs'],
  tail: ['logs'],
  container: ['logs'],
  scripts: ['new'],
};
const ACTIONS = ['status', 'logs', 'start', 'stop', 'restart', 'refresh', 'delete', 'new'];

/** `pai service ...`: operations on services that the paifile declares, and `new`, which writes the skeleton of one. */
export const service: Command = {
  async execute(invocation) {
    const [action = ''] = invocation.patterns;
    refuseUnknown(invocation, action);
    if (action !== 'new') return operations.execute(invocation);
    const [, ...names] = invocation.patterns;
    const { io, options } = invocation;
    const [name] = names;
    if (name === undefined || names.length > 1) {
      throw new PaiError('USAGE', 'say the name of the new service', {
        next: 'For example: pai service new my-service',
      });
    }
    const { writeSkeleton } = await import('../../cluster/service-skeleton.js');
    const written = await writeSkeleton(await findRoot(io.cwd), name, { scripts: options.scripts === true });
    for (const file of written) io.stdout(`wrote ${file}\n`);
    io.stdout(`next: pai run service:${name}\n`);
    return EXIT.ok;
  },
};

function refuseUnknown({ options }: Invocation, action: string): void {
  if (!ACTIONS.includes(action)) {
    const meant = didYouMean(action, ACTIONS);
    const what = action === '' ? 'pai service needs an action' : `pai service has no '${action}'`;
    throw new PaiError('USAGE', `${what}${meant === undefined ? '' : `; ${meant}`}`, {
      next: `There are: ${ACTIONS.join(', ')}.`,
    });
  }
  for (const [option, actions] of Object.entries(OWN_OPTIONS)) {
    if (Reflect.get(options, option) === undefined || actions.includes(action)) continue;
    throw new PaiError('USAGE', `--${option} is an option of pai service ${actions.join(', ')}, not of ${action}`, {
      next: `Leave it out: pai service ${action}.`,
    });
  }
}
