import { didYouMean } from '../../model/suggest.js';
import { formats } from '../formats.js';
import type { Role } from '../model.js';
import { configurationError, type Problem } from '../problems.js';
import { Reference } from '../references.js';

/** A machine of a short list. */
export interface ListedMachine {
  readonly address: string;
  readonly user: string;
  readonly role: Role;
  /** Its name in targets. */
  readonly hostname: string;
  readonly port?: number;
  /** Where its password is kept. */
  readonly password?: Reference;
  /** Path of its private key: absolute, `~/...`, or relative to the list's folder. */
  readonly keyfile?: string;
}

/** A value of a list before it is checked, and how to say what is wrong with it. */
export interface Cell {
  /** Text, or what is no text; undefined for nothing. */
  readonly value: unknown;
  readonly problem: (what: string) => Problem;
}

/** An entry of a list: what stands in which column. */
export interface Row {
  readonly cells: ReadonlyMap<string, Cell>;
  readonly problem: (what: string) => Problem;
}

/** Where the password of a machine is when its list says nothing of how to log in. */
export const USUAL_PASSWORD = new Reference('env', 'PAI_SSH_PASSWORD');

const COLUMNS = ['address', 'user', 'role', 'hostname', 'port', 'password', 'keyfile'] as const;
type Column = (typeof COLUMNS)[number];
const ROLES: readonly Role[] = ['master', 'worker', 'proxy'];

/** The machines of a list. Throws CONFIG_INVALID with everything that is wrong in it. */
export function machinesOf(rows: readonly Row[], empty: (what: string) => Problem): readonly ListedMachine[] {
  const problems: Problem[] = [];
  const counts = new Map<Role, number>();
  const taken = new Set(rows.flatMap((row) => textOf(row.cells.get('hostname')) ?? []));
  const machines = rows.map((row) => {
    const machine = readRow(row, problems);
    if (machine.hostname !== undefined) return { ...machine, hostname: machine.hostname };
    return { ...machine, hostname: nextName(machine.role, counts, taken) };
  });
  problems.push(...unique(rows, 'address'), ...unique(rows, 'hostname'));
  if (rows.length === 0) problems.push(empty('there is no machine in the list'));
  else if (problems.length === 0) {
    if (!machines.some(({ role }) => role === 'master')) problems.push(empty('no machine has the role master'));
    const proxies = machines.flatMap(({ role }, index) => (role === 'proxy' ? (rows[index] ?? []) : []));
    for (const row of proxies.slice(1)) problems.push(row.problem('only one machine may have the role proxy'));
  }
  if (problems.length > 0) throw configurationError(problems);
  return machines;
}

function readRow(
  { cells, problem }: Row,
  problems: Problem[],
): Omit<ListedMachine, 'hostname'> & { readonly hostname?: string } {
  for (const [name, cell] of cells) {
    if (COLUMNS.some((column) => column === name)) continue;
    const meant = didYouMean(name, COLUMNS) ?? `there are ${COLUMNS.join(', ')}`;
    problems.push(cell.problem(`unknown field "${name}"; ${meant}`));
  }
  const take = (column: Column, format: string): string | undefined => {
    const cell = cells.get(column);
    if (cell?.value === undefined) return undefined;
    const text = textOf(cell);
    if (text !== undefined && formats[format]?.test.test(text)) return text;
    problems.push(cell.problem(`${column} must be ${formats[format]?.phrase}`));
    return undefined;
  };
  const need = (column: Column, format: string): string => {
    if (cells.get(column)?.value === undefined) problems.push(problem(`${column} is missing`));
    return take(column, format) ?? '';
  };
  const role = need('role', 'text');
  const known = ROLES.find((one) => one === role);
  if (known === undefined && role !== '') {
    const meant = didYouMean(role, ROLES);
    problems.push(
      (cells.get('role')?.problem ?? problem)(
        `role must be ${ROLES.join(' or ')}, not "${role}"${meant ? `; ${meant}` : ''}`,
      ),
    );
  }
  const port = take('port', 'text');
  if (port !== undefined && !(/^\d{1,5}$/.test(port) && Number(port) >= 1 && Number(port) <= 65_535)) {
    problems.push((cells.get('port')?.problem ?? problem)('port must be a whole number from 1 to 65535'));
  }
  const password = cells.get('password');
  if (password?.value !== undefined && !(password.value instanceof Reference)) {
    // Not shown: it may be one.
    problems.push(password.problem('password must say where it is kept: !env NAME, !file PATH or !exec COMMAND'));
  }
  const hostname = take('hostname', 'host-name');
  const keyfile = take('keyfile', 'text');
  return {
    address: need('address', 'ip-address'),
    user: need('user', 'user-name'),
    role: known ?? 'worker',
    ...(hostname !== undefined && { hostname }),
    ...(port !== undefined && { port: Number(port) }),
    ...(password?.value instanceof Reference && { password: password.value }),
    ...(keyfile !== undefined && { keyfile }),
    ...(password?.value === undefined && keyfile === undefined && { password: USUAL_PASSWORD }),
  };
}

function nextName(role: Role, counts: Map<Role, number>, taken: Set<string>): string {
  for (;;) {
    const number = (counts.get(role) ?? 0) + 1;
    counts.set(role, number);
    const name = `${role}${number}`;
    if (taken.has(name)) continue;
    taken.add(name);
    return name;
  }
}

function unique(rows: readonly Row[], column: Column): Problem[] {
  const seen = new Set<string>();
  return rows.flatMap(({ cells }) => {
    const cell = cells.get(column);
    const text = textOf(cell)?.toLowerCase();
    if (cell === undefined || text === undefined) return [];
    if (seen.has(text)) return [cell.problem(`${column} "${text}" is that of another machine already`)];
    seen.add(text);
    return [];
  });
}

function textOf(cell: Cell | undefined): string | undefined {
  return typeof cell?.value === 'string' && cell.value !== '' ? cell.value : undefined;
}
