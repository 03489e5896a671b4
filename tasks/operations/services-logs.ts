import { type LogLine, type OperationContext, type OperationReport, PaiError, type ServiceEntry } from 'pai';

/** Lines of each container, unless told. */
const TAIL = 100;

/** Writes what the containers of a service wrote, line by line as it comes; where there are several, each line says whose it is. */
export async function serviceLogs(
  { name }: ServiceEntry,
  { drivers, options, print, log, signal }: OperationContext,
): Promise<OperationReport> {
  const target = `service:${name}`;
  const { follow = false, tail = TAIL, container } = options;
  const [state] = await drivers.kube.states([target], signal);
  if (state === undefined || state.stopped) {
    throw new PaiError(
      'UNKNOWN_NAME',
      `${target} ${state === undefined ? 'was never deployed' : 'is stopped'}: it has no pods`,
      {
        where: target,
        next: `Run pai service start ${name}; what its deployment said is told by pai logs ${target}.`,
      },
    );
  }
  const pods = state.workloads.flatMap((workload) => workload.pods);
  // Who follows may see pods that come and go.
  const alone = !follow && pods.length === 1 && (container !== undefined || pods[0]?.containers.length === 1);
  const read = await drivers.kube.logs(
    target,
    { follow, tail, ...(container !== undefined && { container }) },
    (one) => print(options.json === true ? `${JSON.stringify(one)}\n` : textOf(one, alone)),
    signal,
  );
  if (read === 0) log(`${target} has no pods`);
  return { text: '', json: null, exitCode: 0 };
}

function textOf({ pod, container, line }: LogLine, alone: boolean): string {
  return alone ? `${line}\n` : `${pod}/${container}: ${line}\n`;
}
