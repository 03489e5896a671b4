import { createHash } from 'node:crypto';
import type { HostLogin, PayloadFile } from '../model/drivers.js';
import type { Json } from '../model/json.js';
import type { Action, ActionContext, FingerprintPart } from '../model/target.js';
import { SUPERVISOR_PROTOCOL } from './supervisor.js';

/** Files that are made only when the target is applied, like certificates. */
export interface LateFiles {
  /** Stands for the files in the fingerprint: what they must say, not their bytes. */
  readonly spec: Json;
  /** Makes them; called once an apply. */
  files(context: ActionContext): Promise<readonly PayloadFile[]>;
}

/** What a host should be given and run. */
export interface HostTask {
  readonly files: readonly PayloadFile[];
  /** POSIX sh, run by root in the payload folder with `ROOT` set and umask 077. Must be fit to run again. */
  readonly script: string;
  /** POSIX sh; exit 0 when the thing is there and well, else says what is wrong. */
  readonly probe: string;
  readonly late?: LateFiles;
}

/** What `hostAction` is made of. */
export interface HostActionSpec {
  readonly host: HostLogin;
  /** Besides `host:<name>` and `ssh`. */
  readonly pools?: readonly string[];
  /** The desired state, from configuration and templates. */
  work(context: ActionContext): Promise<HostTask>;
  /** The probe alone, for looking. */
  probe(context: ActionContext): Promise<string>;
  /** Takes it down again. The script may be run again, also where nothing is. */
  clean(context: ActionContext): Promise<{ readonly files?: readonly PayloadFile[]; readonly script: string }>;
  /** See `Action.keeps`. */
  readonly keeps?: readonly string[];
  /** What dependents see. Default: the fingerprint. */
  output?(parts: readonly FingerprintPart[]): string;
}

/** The action of a target that lives on a host: files and a script over SSH, a stamp beside them. */
export function hostAction(spec: HostActionSpec): Action {
  const { host } = spec;
  return {
    pools: [`host:${host.name}`, 'ssh', ...(spec.pools ?? [])],
    ...(spec.keeps !== undefined && { keeps: spec.keeps }),
    async observe(context) {
      return context.drivers.hosts.observe(host, context.target, await spec.probe(context));
    },
    async desired(context) {
      const task = await spec.work(context);
      const parts = fingerprintParts(task);
      return {
        parts,
        async apply(applying) {
          const late = (await task.late?.files(applying)) ?? [];
          const stamp = applying.stamp(spec.output?.(parts));
          const files = [...task.files, ...late];
          await applying.drivers.hosts.run(host, { files, script: task.script, probe: task.probe, stamp }, applying);
          return stamp;
        },
      };
    },
    async files(context) {
      const { files, script } = await spec.work(context);
      const [name] = context.target.split(':');
      return [...files.map(asOnHost), { path: `scripts/${name}.sh`, mode: 0o700, content: script }];
    },
    async clean(context) {
      const { files = [], script } = await spec.clean(context);
      await context.drivers.hosts.run(host, { files, script }, context);
    },
  };
}

const INSTALLED = 'root/';

/** What the script finds below `root/` it installs under that path (`install_payload` in templates/host/lib.sh). */
function asOnHost(file: PayloadFile): PayloadFile {
  return file.path.startsWith(INSTALLED) ? { ...file, path: file.path.slice(INSTALLED.length) } : file;
}

/** One part a file, so that `why` can name the one that changed. */
function fingerprintParts(task: HostTask): readonly FingerprintPart[] {
  return [
    ...task.files.map((file) => ({
      name: `file ${file.path}`,
      value: { mode: file.mode, sha256: createHash('sha256').update(file.content).digest('hex') },
      ...(file.secret === true ? { secret: true } : { shown: file.content }),
    })),
    { name: 'script', value: task.script },
    { name: 'supervisor protocol', value: SUPERVISOR_PROTOCOL },
    ...(task.late === undefined ? [] : [{ name: 'material', value: task.late.spec }]),
  ];
}
