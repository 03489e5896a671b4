import type { Command } from './command.js';
import {
  all,
  allow,
  batch,
  cacheDir,
  deleteData,
  detailedExitcode,
  dryRun,
  exclude,
  explain,
  failFast,
  follow,
  force,
  hostKeys,
  jobs,
  json,
  jsonLines,
  keepGoing,
  maxSize,
  noCache,
  type OptionRow,
  only,
  out,
  output,
  profile,
  remote,
  retryFailed,
  rollback,
  run,
  sandbox,
  undefinedOption,
  verbose,
  waitLock,
  yes,
} from './option-rows.js';

export type { OptionRow } from './option-rows.js';

/** A command, and where its code is. */
export interface CommandRow {
  readonly name: string;
  readonly arguments: string;
  readonly summary: string;
  readonly options: readonly OptionRow[];
  readonly examples: readonly string[];
  /** It reads what earlier commands left behind, and needs no configuration. */
  readonly past?: boolean;
  /** What its argument may be, for completion; absent where it names targets. */
  readonly words?: readonly string[];
  /** Its further arguments are names of targets of this kind: `service` for those of `service:<name>`. */
  readonly kind?: string;
  readonly load: () => Promise<Command>;
}

/** Options of every command that needs the configuration. */
export const COMMON_OPTIONS: readonly OptionRow[] = [
  sandbox,
  { flags: '-p, --path <folder>', summary: 'the configuration (default: cluster-configuration beside paifile.ts)' },
];

/** All commands. Each is loaded only when it is used. */
export const COMMANDS: readonly CommandRow[] = [
  {
    name: 'run',
    arguments: '[targets...]',
    summary: 'bring targets and everything they need up to date',
    options: [
      ...[jobs, force, only, exclude, retryFailed, keepGoing, failFast, dryRun, yes, waitLock, noCache, cacheDir],
      ...[rollback, batch, allow],
      ...[verbose, explain, output, jsonLines, profile, hostKeys, undefinedOption],
    ],
    examples: [
      'pai run services',
      "pai run 'worker:*' --dry-run",
      'pai run image:rest-server --force',
      'pai run service:pylon --rollback',
    ],
    load: async () => (await import('./commands/run.js')).run,
  },
  {
    name: 'clean',
    arguments: '<targets...>',
    summary: 'take targets down, and only these',
    options: [
      ...[deleteData, remote, jobs, exclude, keepGoing, failFast, dryRun, yes, waitLock],
      ...[verbose, output, jsonLines, profile, hostKeys],
    ],
    examples: ['pai clean service:pylon', 'pai clean workers --dry-run', 'pai clean kubernetes hosts --delete-data'],
    load: async () => (await import('./commands/clean.js')).clean,
  },
  {
    name: 'plan',
    arguments: '[targets...]',
    summary: 'show what would run, and why (all targets unless told)',
    options: [all, force, explain, detailedExitcode, json, hostKeys, undefinedOption],
    examples: ['pai plan', 'pai plan services --json', 'pai plan --detailed-exitcode'],
    load: async () => (await import('./commands/plan.js')).plan,
  },
  {
    name: 'why',
    arguments: '<targets...>',
    summary: 'show why a target is stale, down to the root cause',
    options: [json, hostKeys, undefinedOption],
    examples: ['pai why service:rest-server'],
    load: async () => (await import('./commands/why.js')).why,
  },
  {
    name: 'diff',
    arguments: '[targets...]',
    summary: 'show what would change in the inputs of stale targets, as diffs (all targets unless told)',
    options: [json, hostKeys, undefinedOption],
    examples: ['pai diff', 'pai diff worker:h1'],
    load: async () => (await import('./commands/diff.js')).diff,
  },
  {
    name: 'history',
    arguments: '',
    summary: 'list the runs that are recorded, newest first',
    options: [sandbox, json],
    examples: ['pai history', 'pai history --json'],
    past: true,
    load: async () => (await import('./commands/history.js')).history,
  },
  {
    name: 'show',
    arguments: '[run]',
    summary: 'show what a run did, and why (the last one unless told)',
    options: [sandbox, json],
    examples: ['pai show', 'pai show 20261125-1340'],
    past: true,
    load: async () => (await import('./commands/show.js')).show,
  },
  {
    name: 'logs',
    arguments: '<target>',
    summary: 'show what a target said when it last ran',
    options: [sandbox, follow, run, json],
    examples: ['pai logs worker:h1', 'pai logs worker:h1 -f', 'pai logs worker:h1 --run last'],
    past: true,
    load: async () => (await import('./commands/logs.js')).logs,
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
    name: 'graph',
    arguments: '[targets...]',
    summary: 'draw targets and what they need (touches no host)',
    options: [
      { flags: '--format <format>', summary: 'dot (default), mermaid or json', choices: ['dot', 'mermaid', 'json'] },
    ],
    examples: ['pai graph services | dot -Tsvg > services.svg', 'pai graph --format mermaid'],
    load: async () => (await import('./commands/graph.js')).graph,
  },
  {
    name: 'render',
    arguments: '',
    summary: 'print one template, rendered with given values (what the cluster gets: pai run render)',
    options: [
      { flags: '--file <template>', summary: 'the template; it may include what lies beside it' },
      { flags: '--values <file>', summary: 'JSON or YAML: what the template sees' },
      undefinedOption,
    ],
    examples: ['pai render --file nginx.conf.template --values values.yaml'],
    past: true,
    load: async () => (await import('./commands/render.js')).render,
  },
  {
    name: 'cache',
    arguments: '<stat|prune|verify>',
    summary: 'show, shrink or check the cache of outputs',
    options: [maxSize, cacheDir, json],
    examples: ['pai cache stat', 'pai cache prune --max-size 500MB', 'pai cache verify'],
    words: ['stat', 'prune', 'verify'],
    load: async () => (await import('./commands/cache.js')).cache,
  },
  {
    name: 'nodes',
    arguments: '<action> [hosts...]',
    summary: 'machines of the cluster: add, remove',
    options: [
      { flags: '-f, --file <list>', summary: 'a list of machines, YAML or CSV' },
      { flags: '--timeout <seconds>', summary: 'how long pods may take to leave a machine', count: true },
      { flags: '--force', summary: 'go on although pods do not leave' },
      ...[dryRun, yes, waitLock, verbose, output, jsonLines, hostKeys],
    ],
    examples: ['pai nodes add -f new-machines.yaml', 'pai nodes remove worker7', 'pai nodes remove -f old.yaml'],
    words: ['add', 'remove'],
    load: async () => (await import('./commands/nodes.js')).nodes,
  },
  {
    name: 'prune',
    arguments: '',
    summary: 'remove nodes that are not in the configuration, and services that are not in the list',
    options: [
      { flags: '--timeout <seconds>', summary: 'how long pods may take to leave a node', count: true },
      { flags: '--force', summary: 'go on although pods do not leave' },
      ...[yes, waitLock, verbose, output, jsonLines, hostKeys],
    ],
    examples: ['pai prune'],
    load: async () => (await import('./commands/operation.js')).operationCommand('prune'),
  },
  {
    name: 'repair',
    arguments: '[hosts...]',
    summary: 'find what is unhealthy on hosts, and repair it (all hosts unless told)',
    options: [
      { flags: '-f, --file <list>', summary: 'a list of machines, YAML or CSV' },
      ...[waitLock, verbose, output, jsonLines, hostKeys],
    ],
    examples: ['pai repair', 'pai repair worker7', 'pai repair -f machines.yaml'],
    load: async () => (await import('./commands/operation.js')).operationCommand('repair'),
  },
  {
    name: 'service',
    arguments: '<action> [services...]',
    summary:
      'services on Kubernetes: status, logs, start, stop, restart, refresh (node labels), delete (with data), new',
    options: [
      follow,
      { flags: '--tail <n>', summary: 'of logs: so many last lines of each container (default: 100)', count: true },
      { flags: '--container <name>', summary: 'of logs: of this container only' },
      { flags: '--scripts', summary: 'of new: with a startscript and a stopscript' },
      ...[yes, waitLock, verbose, output, jsonLines, hostKeys],
    ],
    examples: [
      'pai service status',
      'pai service logs rest-server -f',
      'pai service restart rest-server',
      'pai service delete rest-server',
      'pai service new my-service',
    ],
    words: ['status', 'logs', 'start', 'stop', 'restart', 'refresh', 'delete', 'new'],
    kind: 'service',
    load: async () => (await import('./commands/service.js')).service,
  },
  {
    name: 'etcd',
    arguments: '<action> [words...]',
    summary: 'the members of etcd: status, fix <host>, backup, restore',
    options: [
      { flags: '-f, --file <snapshot>', summary: 'of backup: where to write it; of restore: what to restore' },
      {
        flags: '--force',
        summary: 'of fix: a healthy member too, or one of two; of restore: without masters that are away',
      },
      ...[yes, waitLock, verbose, output, jsonLines, hostKeys],
    ],
    examples: ['pai etcd status', 'pai etcd fix master2', 'pai etcd backup', 'pai etcd restore -f etcd-snapshot.db'],
    words: ['status', 'fix', 'backup', 'restore'],
    load: async () => (await import('./commands/operation.js')).operationCommand('etcd'),
  },
  {
    name: 'pki',
    arguments: '<action> [phase]',
    summary: 'certificates: status, renew, rotate-ca (up to a phase: trust-both, re-issue, drop-old)',
    options: [yes, waitLock, verbose, output, jsonLines, hostKeys],
    examples: ['pai pki status', 'pai pki renew', 'pai pki rotate-ca'],
    words: ['status', 'renew', 'rotate-ca'],
    load: async () => (await import('./commands/operation.js')).operationCommand('pki'),
  },
  {
    name: 'doctor',
    arguments: '',
    summary: 'check the live cluster',
    options: [{ flags: '--security', summary: 'against the security baseline' }, output, jsonLines, hostKeys],
    examples: ['pai doctor --security'],
    load: async () => (await import('./commands/operation.js')).operationCommand('doctor'),
  },
  {
    name: 'images',
    arguments: '<action> [images...]',
    summary: 'images and packages that a run needs: list, mirror',
    options: [
      { flags: '--force', summary: 'of mirror: also replace images that the registry has under the same name' },
      ...[yes, waitLock, verbose, output, jsonLines],
    ],
    examples: ['pai images list', 'pai images mirror', 'pai images mirror coredns'],
    words: ['list', 'mirror'],
    load: async () => (await import('./commands/operation.js')).operationCommand('images'),
  },
  {
    name: 'sandbox',
    arguments: '<action> [words...]',
    summary: 'a simulated cluster to try things on: create, grow, status, fault, lift, exec, reset',
    options: [
      { flags: '--masters <n>', summary: 'of create: how many masters (default: 3)', count: true },
      {
        flags: '--workers <n>',
        summary: 'of create: how many workers (default: 2); of grow: how many more',
        count: true,
      },
      { flags: '--no-proxy', summary: 'of create: no proxy; the API is reached at the only master' },
      { flags: '--hosts-in-process', summary: 'of create: no shell on the hosts, for more than a few hundred' },
      json,
    ],
    examples: [
      'pai sandbox create --masters 3 --workers 5',
      'pai sandbox create --workers 1000 --hosts-in-process',
      'pai sandbox grow --workers 1',
      'pai sandbox fault worker1 down',
      'pai sandbox lift worker1',
      'pai sandbox exec master1 docker ps',
    ],
    past: true,
    words: ['create', 'grow', 'status', 'fault', 'lift', 'exec', 'reset'],
    load: async () => (await import('./commands/sandbox.js')).sandbox,
  },
  {
    name: 'init',
    arguments: '',
    summary: 'ask a few questions and write a configuration',
    options: [out, { flags: '--force', summary: 'replace files that are there' }],
    examples: ['pai init', 'pai init -o my-cluster'],
    load: async () => (await import('./commands/init.js')).init,
  },
  {
    name: 'config',
    arguments: '<action> [words...]',
    summary:
      'the configuration: generate, validate, show, explain <field>; copies in the cluster: push, pull [revision], diff [revision], history',
    options: [
      {
        flags: '--resolved',
        summary: 'of show: with defaults, and what !env, !file and !exec give (secrets stay masked)',
      },
      { flags: '-i, --input <file>', summary: 'of generate: the list of machines, YAML or CSV' },
      out,
      { flags: '--force', summary: 'of generate, push and pull: replace what is there' },
      json,
    ],
    examples: [
      'pai config generate -i machines.csv -o my-cluster',
      'pai config validate',
      'pai config show --resolved',
      'pai config explain sshport',
      'pai config push',
    ],
    words: ['generate', 'validate', 'show', 'explain', 'push', 'pull', 'diff', 'history'],
    load: async () => (await import('./commands/config.js')).config,
  },
  {
    name: 'completion',
    arguments: '<shell>',
    summary: 'write the script that completes commands, options and targets in bash, zsh or fish',
    options: [],
    examples: ['source <(pai completion bash)', 'source <(pai completion zsh)', 'pai completion fish | source'],
    words: ['bash', 'zsh', 'fish'],
    load: async () => (await import('./commands/completion.js')).completion,
  },
];
