import type { LocalDriver } from '../model/drivers.js';
import type { LocalWork } from '../model/local.js';
import type { Observation, Stamp } from '../model/stamp.js';
import type { Action, ActionContext, Desired, PeekContext } from '../model/target.js';

const POOLS = ['cpu'];

/** Work on files of the project. Fresh while its inputs and its outputs are as they were when it last ran well. */
export function localAction(work: LocalWork): Action {
  return work.task.tools === undefined ? new LocalAction(work) : new LocalActionWithTools(work);
}

/** A class and not closures: a project may have very many. */
class LocalAction implements Action {
  readonly pools = POOLS;
  readonly local: LocalWork;

  constructor(work: LocalWork) {
    this.local = work;
  }

  get always(): boolean {
    return this.local.inputs === undefined;
  }

  peek(context: PeekContext): Stamp | undefined {
    return driverOf(context).peek(context.target, this.local, context.outputs);
  }

  async observe(context: ActionContext): Promise<Observation> {
    return driverOf(context).observe(context.target, this.local);
  }

  desired(context: ActionContext): Promise<Desired> {
    return driverOf(context).desired(context.target, this.local, context.outputs);
  }

  clean(context: ActionContext): Promise<void> {
    return driverOf(context).clean(this.local, context);
  }
}

class LocalActionWithTools extends LocalAction {
  prepare(context: ActionContext): Promise<void> {
    return driverOf(context).prepare(this.local);
  }
}

function driverOf(context: PeekContext): LocalDriver {
  return context.drivers.local;
}
