import type { ActionContext } from 'pai';

/** Settings of a host script: name -> value. They become assignments in front of it, so the script itself stays constant. */
export type Settings = Readonly<Record<string, string>>;

/**
 * A script for a host: settings, then files of `templates/host/` one after another, `lib.sh` first. Where the setting RUNTIME
 * (docker, containerd) is given, the file with that runtime's functions comes next.
 * Used for scripts, probes and clean-ups alike; nothing in it is rendered, so what shellcheck saw is what runs.
 */
export async function hostScript(
  context: Pick<ActionContext, 'drivers'>,
  settings: Settings,
  files: readonly string[],
): Promise<string> {
  const read = async (file: string) => Buffer.from(await context.drivers.templates.read(`host/${file}`)).toString();
  const runtime = settings.RUNTIME === undefined ? [] : [`runtime-${settings.RUNTIME}.sh`];
  const texts = await Promise.all(['lib.sh', ...runtime, ...files].map(read));
  return ['set -eu', ...Object.entries(settings).map(([name, value]) => `${name}=${quote(value)}`), ...texts].join(
    '\n',
  );
}

/** A word for sh, whatever is in it. */
function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
