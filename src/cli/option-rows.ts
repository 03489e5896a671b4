/** An option as commander writes it. */
export interface OptionRow {
  readonly flags: string;
  readonly summary: string;
  readonly choices?: readonly string[];
  /** Its value is a whole number from 1. */
  readonly count?: boolean;
  /** It may be given several times; all values count. */
  readonly repeatable?: boolean;
  /** Its value is a target, a group or a glob, for completion. */
  readonly pattern?: boolean;
}

// Options, by what they mean; table.ts says which command has which.

export const json: OptionRow = { flags: '--json', summary: 'write JSON' };
export const jsonLines: OptionRow = { flags: '--json', summary: 'same as --output json' };
export const output: OptionRow = {
  flags: '--output <format>',
  summary: 'how the run is told (default: tty on a terminal, github on GitHub Actions, else plain)',
  choices: ['tty', 'plain', 'grouped', 'github', 'json'],
};
export const profile: OptionRow = {
  flags: '--profile <file>',
  summary: 'write a trace of the run, for ui.perfetto.dev',
};
export const jobs: OptionRow = { flags: '--jobs <n>', summary: 'how many targets run at a time', count: true };
export const force: OptionRow = { flags: '--force', summary: 'run the named targets even if they are fresh' };
export const dryRun: OptionRow = { flags: '--dry-run', summary: 'only show what would be done' };
export const keepGoing: OptionRow = {
  flags: '--keep-going',
  summary: 'after a failure go on with what does not depend on it (the default)',
};
export const retryFailed: OptionRow = { flags: '--retry-failed', summary: 'run what did not succeed in the last run' };
export const only: OptionRow = { flags: '--only', summary: 'run just the named targets, not what they need' };
export const exclude: OptionRow = {
  flags: '--exclude <pattern>',
  summary: 'leave these targets out; may be given several times',
  repeatable: true,
  pattern: true,
};
export const batch: OptionRow = {
  flags: '--batch <size>',
  summary: 'how many workers change at a time: a number, or a share like 20% (default: 1)',
};
export const allow: OptionRow = {
  flags: '--allow <what>',
  summary: 'change it all the same: unhealthy (cluster), downgrade (of a version); may be given several times',
  repeatable: true,
};
export const yes: OptionRow = { flags: '--yes', summary: 'answer yes to what targets ask before they run' };
export const deleteData: OptionRow = {
  flags: '--delete-data',
  summary: 'delete the data too that else is kept; asks for the id of the cluster',
};
export const rollback: OptionRow = {
  flags: '--rollback',
  summary: 'go back to what ran in Kubernetes before, for the named targets only',
};
export const remote: OptionRow = {
  flags: '--remote',
  summary: 'delete images from their registry too, not only from this machine',
};
export const waitLock: OptionRow = {
  flags: '--wait-lock',
  summary: 'wait while another pai is at work on this project',
};
export const failFast: OptionRow = { flags: '--fail-fast', summary: 'start nothing more after a failure' };
export const verbose: OptionRow = { flags: '--verbose', summary: 'show what targets say while they run' };
export const all: OptionRow = { flags: '--all', summary: 'show fresh targets too' };
export const explain: OptionRow = {
  flags: '--explain',
  summary: 'show the whole reason of each target: inputs with old and new digests',
};
export const detailedExitcode: OptionRow = {
  flags: '--detailed-exitcode',
  summary: 'end with 3 when something would run, 0 when nothing would, 1 when something is unknown',
};
export const follow: OptionRow = { flags: '-f, --follow', summary: 'go on with what is added, until the target ends' };
export const run: OptionRow = { flags: '--run <run>', summary: 'of this run: last, an id, or the beginning of one' };
export const hostKeys: OptionRow = {
  flags: '--host-keys <policy>',
  summary: 'SSH keys of hosts not seen before',
  choices: ['accept-new', 'strict'],
};
export const undefinedOption: OptionRow = {
  flags: '--undefined <behavior>',
  summary: 'variables that templates use and that are not there: strict (default, an error) or jinja (no text)',
  choices: ['strict', 'jinja'],
};

export const cacheDir: OptionRow = {
  flags: '--cache-dir <dir>',
  summary: 'folder of the output cache (default: $PAI_CACHE_DIR, or .cache/outputs)',
};
export const noCache: OptionRow = { flags: '--no-cache', summary: 'neither take outputs from the cache nor keep them' };
export const maxSize: OptionRow = {
  flags: '--max-size <size>',
  summary: 'of prune: what may remain, like 500MB or 2GiB',
};

export const out: OptionRow = { flags: '-o, --out <folder>', summary: 'folder to write the configuration to' };

export const sandbox: OptionRow = {
  flags: '--sandbox',
  summary: 'work on the simulated cluster of `pai sandbox`, which is made when it is not there',
};
