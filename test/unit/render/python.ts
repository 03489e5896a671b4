import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { createEngine, type UndefinedBehavior } from '../../../src/render/engine.js';
import { PyFloat, Tuple } from '../../../src/render/runtime/values.js';

/** One render: a template called `main`, others beside it, and what they are given. */
export interface Case {
  readonly templates: Readonly<Record<string, string>>;
  readonly values: Readonly<Record<string, unknown>>;
  readonly undefined: UndefinedBehavior;
}

/** A text, or why there is none; `loading`: before anything was rendered. */
export type Result =
  | { readonly text: string; readonly error?: undefined }
  | { readonly error: string; readonly text?: undefined; readonly loading?: boolean };

/** Debian's Python first, whose Jinja2 is the one to be like. */
const PYTHONS = ['/usr/bin/python3', 'python3'];

/** The Python to ask, or undefined when none has Jinja2 (Debian: python3-jinja2). */
export const python = [process.env.PAI_TEST_PYTHON, ...PYTHONS].find(
  (program) => program !== undefined && spawnSync(program, ['-c', 'import jinja2']).status === 0,
);

/** What Python's Jinja2 makes of cases, all in one process. */
export function renderWithPython(cases: readonly Case[]): Result[] {
  if (python === undefined) throw new Error('there is no Python with Jinja2');
  const script = join(import.meta.dirname, 'oracle.py');
  const { stdout, stderr, status } = spawnSync(python, [script], {
    input: JSON.stringify(cases.map((one) => encode(one))),
    encoding: 'utf8',
    maxBuffer: 1e9,
  });
  if (status !== 0) throw new Error(`Python failed: ${stderr}`);
  return JSON.parse(stdout);
}

/** What ours makes of a case. */
export async function renderOurs({ templates, values, undefined: behavior }: Case): Promise<Result> {
  const source = { read: (name: string) => templates[name], label: (name: string) => name };
  const engine = await createEngine(source, behavior);
  try {
    return { text: engine.render('main', values) };
  } catch (error) {
    if (!(error instanceof Error) || /^internal error|is not a function|is not defined/.test(error.message))
      throw error;
    return { error: error.message };
  }
}

/** Values that JSON can't tell apart, as oracle.py reads them. */
function encode(value: unknown): unknown {
  if (value instanceof PyFloat) return { $float: String(value.value) };
  if (typeof value === 'bigint') return { $int: String(value) };
  if (value instanceof Tuple) return { $tuple: value.items.map(encode) };
  if (Array.isArray(value)) return value.map(encode);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, encode(item)]));
}
