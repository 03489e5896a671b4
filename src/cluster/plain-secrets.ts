import { stat } from 'node:fs/promises';
import type { Files } from './check.js';
import { configuredPath } from './hosts.js';
import { nameOf } from './pointers.js';
import type { Problem } from './problems.js';

/** Who else may read a file: its group, everybody. */
const OTHERS = 0o044;

/**
 * One warning for each file with secrets that others may read: a configuration file with secrets in plain text, and a file that `!file`
 * of a secret names. `directory`: the configuration folder.
 */
export async function warnOfReadableSecrets(files: Files, directory: string): Promise<Problem[]> {
  const warnings = await Promise.all(
    Object.values(files).map(async ({ yaml, plainSecrets }) => {
      const found: Problem[] = [];
      const [first, ...more] = plainSecrets;
      if (first !== undefined && (await othersMayRead(yaml.file))) {
        const rest = more.length === 0 ? 'is a secret' : `and ${more.length} more are secrets`;
        found.push(
          yaml.problem(
            first,
            'key',
            `${nameOf(first)} ${rest} in plain text, and others may read this file: chmod 600 ${yaml.file}`,
          ),
        );
      }
      for (const pointer of yaml.secrets.keys()) {
        const reference = yaml.references.get(pointer);
        if (reference?.kind !== 'file') continue;
        const place = configuredPath(reference.argument, directory);
        if (!(await othersMayRead(place))) continue;
        const what = `${nameOf(pointer)} is a secret, and others may read ${reference.argument}: chmod 600 ${place}`;
        found.push(yaml.problem(pointer, 'value', what));
      }
      return found;
    }),
  );
  return warnings.flat();
}

async function othersMayRead(file: string): Promise<boolean> {
  // What is missing is told when it is asked for.
  const found = await stat(file).catch(() => undefined);
  return found?.isFile() === true && (found.mode & OTHERS) !== 0;
}
