import type { Command } from './command.js';

/** An option as commander writes it. */
export interface OptionRow {
  readonly flags: string;
  readonly summary: string;
  readonly choices?: readonly string[];
  /** Its value is a whole number from 1. */
  readonly count?: boolean;
}

/** A command, and where its code is. */
export interface CommandRow {
  readonly name: string;
  readonly arguments: string;
  readonly summary: string;
  readonly options: readonly OptionRow[];
  readonly examples: readonly string[];
  readonly load: () => Promise<Command>;
}

const json: OptionRow = { flags: '--json', summary: 'write JSON' };
const jsonLines: OptionRow = { flags: '--json', summary: 'same as --output json' };
const output: OptionRow = {
  flags: '--output <format>',
  summary: 'plain lines, or one JSON object a line',
  choices: ['plain', 'json'],
};
const jobs: OptionRow = { flags: '--jobs <n>', summary: 'how many targets run at a time', count: true };
const force: OptionRow = { flags: '--force', summary: 'run the named targets even if they are fresh' };
const dryRun: OptionRow = { flags: '--dry-run', summary: 'only show what would be done' };
const failFast: OptionRow = { flags: '--fail-fast', summary: 'start nothing more after a failure' };
const verbose: OptionRow = { flags: '--verbose', summary: 'show what targets say while they run' };
const all: OptionRow = { flags: '--all', summary: 'show fresh targets too' };
const hostKeys: OptionRow = {
  flags: '--host-keys <policy>',
  summary: 'SSH keys of hosts not seen before',
  choices: ['accept-new', 'strict'],
};

const cacheDir: OptionRow = {
  flags: '--cache-dir <dir>',
  summary: 'folder of the output cache (default: $PAI_CACHE_DIR, or .cache/outputs)',
};
const noCache: OptionRow = { flags: '--no-cache', summary: 'neither take outputs from the cache nor keep them' };
const maxSize: OptionRow = { flags: '--max-size <size>', summary: 'of prune: what may remain, like 500MB or 2GiB' };

/** Options of every command. */
export const COMMON_OPTIONS: readonly OptionRow[] = [
  { flags: '-p, --path <folder>', summary: 'the configuration (default: cluster-configuration beside paifile.ts)' },
];

/** All commands. Each is loaded only when it is used. */
export const COMMANDS: readonly CommandRow[] = [
  {
    name: 'run',
    arguments: '[targets...]',
    summary: 'bring targets and everything they need up to date',
    options: [jobs, force, dryRun, failFast, noCache, cacheDir, verbose, output, jsonLines, hostKeys],
    examples: ['pai run services', "pai run 'worker:*' --dry-run", 'pai run image:rest-server --force'],
    load: async () => (await import('./commands/run.js')).run,
  },
  {
    name: 'clean',
    arguments: '<targets...>',
    summary: 'take targets down, and only these',
    options: [jobs, dryRun, failFast, verbose, output, jsonLines, hostKeys],
    examples: ['pai clean service:pylon', 'pai clean workers --dry-run'],
    load: async () => (await import('./commands/clean.js')).clean,
  },
  {
    name: 'plan',
    arguments: '[targets...]',
    summary: 'show what would run, and why (all targets unless told)',
    options: [all, force, json, hostKeys],
    examples: ['pai plan', 'pai plan services --json'],
    load: async () => (await import('./commands/plan.js')).plan,
  },
  {
    name: 'why',
    arguments: '<targets...>',
    summary: 'show why a target is stale, down to the root cause',
    options: [json, hostKeys],
    examples: ['pai why service:rest-server'],
    load: async () => (await import('./commands/why.js')).why,
  },
  {
    name: 'list',
    arguments: '[targets...]',
    summary: 'list groups and targets (touches no host)',
    options: [json],
    examples: ['pai list', "pai list 'image:*'"],
    load: async () => (await import('./commands/list.js')).list,
  },
  {
    name: 'cache',
    arguments: '<stat|prune|verify>',
    summary: 'show, shrink or check the cache of outputs',
    options: [maxSize, cacheDir, json],
    examples: ['pai cache stat', 'pai cache prune --max-size 500MB', 'pai cache verify'],
    load: async () => (await import('./commands/cache.js')).cache,
  },
];
