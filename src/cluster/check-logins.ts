import type { ClusterFile, MachineDefaults, MachineEntry, Partially } from './files.js';
import { bastionWithDefaults, NO_BASTION } from './hosts.js';
import { child } from './pointers.js';
import { namesOf, type Problem, unknownName } from './problems.js';
import type { YamlFile } from './yaml.js';

/** A machine of a file that may lack fields. */
export type Machine = Partially<MachineEntry>;

/** Pointer of the list of machines. */
export const LIST = '/machine-list';

/** Every machine needs a user and a password or key; what the defaults lack is told once for all machines. */
export function checkMachineLogins(
  yaml: YamlFile,
  machines: readonly Machine[],
  defaults: Partially<MachineDefaults>,
): Problem[] {
  const tell = (what: string, lacking: readonly number[]): Problem[] => {
    const names = namesOf(lacking.map((index) => machines[index]?.hostname ?? `entry ${index + 1}`));
    const text = `${names}: no ${what} here, nor in default-machine-properties`;
    return lacking.length === 0 ? [] : [yaml.problem(`${LIST}/${lacking[0]}`, 'value', text)];
  };
  const noUser: number[] = [];
  const noProof: number[] = [];
  for (const [index, machine] of machines.entries()) {
    const has = (field: keyof MachineDefaults): boolean => (machine[field] ?? defaults[field]) !== undefined;
    if (!has('username')) noUser.push(index);
    if (!has('password') && !has('ssh-keyfile-path')) noProof.push(index);
  }
  return [...tell('username', noUser), ...tell('password and no ssh-keyfile-path', noProof)];
}

/** Bastions that entries name must be in `ssh-bastions`, whose names are given. */
export function checkBastionNames(
  yaml: YamlFile,
  entries: readonly (readonly [entry: Partially<MachineDefaults>, pointer: string])[],
  names: readonly string[],
): Problem[] {
  return entries.flatMap(([entry, pointer]) => {
    const name = entry['ssh-bastion'];
    if (name === undefined || name === NO_BASTION || names.includes(name)) return [];
    const what = unknownName('ssh-bastion', name, names, 'ssh-bastions');
    return [yaml.problem(`${pointer}/ssh-bastion`, 'value', what)];
  });
}

/** Bastions that are named must exist, and all of them need a user and a password or key, their own or the defaults'. */
export function checkBastions(yaml: YamlFile, file: Partially<ClusterFile>): Problem[] {
  const bastions = file['ssh-bastions'] ?? {};
  const defaults = file['default-machine-properties'] ?? {};
  const names = Object.keys(bastions);
  const known = (file['machine-list'] ?? []).map((machine, index) => [machine, `${LIST}/${index}`] as const);
  return [
    ...checkBastionNames(yaml, [[defaults, '/default-machine-properties'], ...known], names),
    ...Object.entries(bastions).flatMap(([name, entry]) => {
      const pointer = child('/ssh-bastions', name);
      const tell = (what: string) => yaml.problem(pointer, 'key', what);
      const login = bastionWithDefaults(entry ?? {}, defaults);
      const lacks = (what: string) => tell(`bastion "${name}": no ${what} here, nor in default-machine-properties`);
      return [
        ...(name === NO_BASTION ? [tell(`"${NO_BASTION}" stands for no bastion: give this one another name`)] : []),
        ...(login.username === undefined ? [lacks('username')] : []),
        ...(login.password === undefined && login['ssh-keyfile-path'] === undefined
          ? [lacks('password and no ssh-keyfile-path')]
          : []),
      ];
    }),
  ];
}
