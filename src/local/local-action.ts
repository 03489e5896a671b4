import type { LocalWork } from '../model/local.js';
import type { Action } from '../model/target.js';

/** Work on files of the project. Fresh while its inputs and its outputs are as they were when it last ran well. */
export function localAction(work: LocalWork): Action {
  const { tools = {} } = work.task;
  return {
    pools: ['cpu'],
    always: work.inputs === undefined,
    ...(Object.keys(tools).length > 0 && { prepare: ({ drivers }) => drivers.local.prepare(work) }),
    peek: ({ target, drivers, outputs }) => drivers.local.peek(target, work, outputs),
    observe: async ({ target, drivers }) => drivers.local.observe(target, work),
    desired: ({ target, drivers, outputs }) => drivers.local.desired(target, work, outputs),
    clean: (context) => context.drivers.local.clean(work, context),
    local: work,
  };
}
