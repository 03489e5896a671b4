import { existsSync, rmSync } from 'node:fs';
import { readIfThere, ScriptFailure } from './machine.js';
import { NotSimulated, ScriptRun, type ScriptSetting, Stopped } from './script-run.js';
import { readScript } from './statements.js';

type Step = (run: ScriptRun, groups: readonly string[]) => void | Promise<void>;
type Rule = readonly [sign: RegExp, step: Step];

const nothing: Step = () => {};

/** What scripts share: lib.sh, kubelet.sh, reset.sh. */
const SHARED: readonly Rule[] = [
  [/^set -eu$/, nothing],
  [/^install_tree (\S+)$/, (run, [unit = '']) => run.installs.installTree(unit, run.files)],
  [
    /^if \[ -d root \]; then install_tree (\S+); fi$/,
    (run, [unit = '']) => {
      const { files } = run.setting;
      if (files.some((file) => file.path.startsWith('root/'))) run.installs.installTree(unit, files);
    },
  ],
  [/^remove_tree (\S+)$/, (run, [unit = '']) => run.installs.removeTree(unit)],
  [/^install_certificates$/, (run) => run.installCertificates()],
  [/^remove_certificates ([\w -]+)$/, (run, [names = '']) => run.installs.removeCertificates(names.split(' '))],
  // What they are started from is read from the manifests anyway.
  [/^renew_pods [\w -]+$/, nothing],
  // Simulated API servers need no etcd to answer.
  [/^(?:etcd_ran=\$\(pod_container etcd\)|free_kubelet|await_apiserver)$/, nothing],
  [/^start_kubelet$/, (run) => run.startKubelet()],
  [/^etcd_fill_in$/, (run) => run.fillInMembers()],
  [/^etcd_come_up$/, (run) => run.etcdComesUp()],
  [/^reset_node$/, (run) => run.resetNode()],
  // What may be deleted is judged by the real script; simulated hosts have no folder that is precious.
  [/^check_data ("[^"]+")$/, nothing],
  [
    /^settle_data (\S+|"[^"]+") "\$(\w+)"$/,
    (run, [folder = '', deletes = '']) => run.settleData(run.expand(folder), run.variable(deletes) !== ''),
  ],
  [
    /^\[ -d ("[^"]+") \] \|\| rm -f ("[^"]+")$/,
    (run, [folder = '', place = '']) => {
      if (!existsSync(run.expand(folder))) rmSync(run.expand(place), { force: true });
    },
  ],
  [/^mark_etcd_data$/, (run) => run.markEtcdData()],
  [/^restore_daemon_json$/, (run) => run.installs.restoreDaemonJson(run.setting.files)],
  [/^wait_for \d+ ("[^"]*") (.+)$/, (run, [what = '', look = '']) => run.waitFor(run.expand(what), look)],
  // What is simulated is the same after a restart.
  [/^case " \$NEW_CERTIFICATES " in .*\) restart_pods [\w -]+ ;; esac$/, nothing],
  [/^copy_from_hyperkube \S+\/kubectl ("[^"]+")$/, (run, [to = '']) => run.copyKubectl(run.expand(to))],
  [
    /^\[ ! -d ("[^"]+") \] \|\| find \1 -mindepth 1 -delete$/,
    (run, [folder = '']) => {
      const place = run.expand(folder);
      if (existsSync(place)) run.empty(place);
    },
  ],
  [
    /^if runtime_works; then[\s\S]* for component in ([\w -]+); do\n\s+say "stopping \$component"\n\s+stop_pod "\$component"\n\s+done\nfi$/,
    (run, [names = '']) => {
      if (!run.machine.dockerRuns) return;
      for (const name of names.split(' ')) {
        run.say(`stopping ${name}`);
        run.stopPod(name);
      }
    },
  ],
];

/** What probes ask. */
const LOOKS: readonly Rule[] = [
  [
    /^certificates_last ([\w -]+)$/,
    (run, [names = '']) => {
      for (const name of names.split(' ')) run.tellExpiry(name);
    },
  ],
  [/^check_tree (\S+)$/, (run, [unit = '']) => run.failIf(run.installs.treeProblem(unit))],
  [
    /^\[ ! -f ("[^"]+") \] \|\| check_tree (\S+)$/,
    (run, [file = '', unit = '']) => {
      if (existsSync(run.expand(file))) run.failIf(run.installs.treeProblem(unit));
    },
  ],
  [
    /^for component in ([\w -]+); do pod_running "\$component" \|\| exit 1; done$/,
    (run, [names = '']) => {
      for (const name of names.split(' ')) run.exitIf(run.look(`pod_running ${name}`));
    },
  ],
  [/^(\w+_running(?: [\w-]+)?|node_ready)(?: \|\| exit 1)?$/, (run, [look = '']) => run.exitIf(run.look(look))],
  // What a run cordons on these hosts it uncordons.
  [/^case \$node_json in \*'"pai\/cordoned-by":.* ;; esac$/, nothing],
  [
    /^\w+=\$\((\w+(?: [^()]*)?) 2>&1\) \|\| fail "([^"$]*)\$\(printf '%s' "\$\w+" \| tail -n 1\)"$/,
    (run, [look = '', prefix = '']) => run.failIf(run.look(look)?.split('\n').at(-1), prefix),
  ],
  [
    /^runtime_answers [^|]*\|\| fail ("[^"]*")$/,
    (run, [words = '']) => run.failIf(run.machine.dockerRuns ? undefined : run.expand(words)),
  ],
  [
    /^\[ "\$\(cat ("[^"]+") 2>\/dev\/null\)" = ("[^"]*") \] \|\| fail ("[^"]*")$/,
    (run, [file = '', wanted = '', words = '']) => {
      const isWanted = readIfThere(run.expand(file))?.toString().trimEnd() === run.expand(wanted);
      run.failIf(isWanted ? undefined : run.expand(words));
    },
  ],
  [
    /^grep -q "\[\[:space:\]\](\$\w+) # pai\\\$" ("[^"]+") \|\| fail ("[^"]*")$/,
    (run, [name = '', file = '', words = '']) => {
      const lines = readIfThere(run.expand(file))?.toString().split('\n') ?? [];
      const isNamed = lines.some(
        (line) =>
          /\s$/.test(line.slice(0, -`${run.expand(name)} # pai`.length)) && line.endsWith(`${run.expand(name)} # pai`),
      );
      run.failIf(isNamed ? undefined : run.expand(words));
    },
  ],
];

/** What makes a bare host ready. */
const PREPARING: readonly Rule[] = [
  // A simulated machine is known to have the system, the architecture, the time, the memory and the free ports that are wanted.
  [/^os=unknown$/, nothing],
  [/^if \[ -r "\$ROOT\/etc\/os-release" \]; then os=.*fi$/, nothing],
  [/^case (?:" \$os "|\$\(uname -m\)) in\n[\s\S]*problem [\s\S]*esac$/, nothing],
  [/^(?:skew|memory|disk)=\$.*$/, nothing],
  [/^\[ "\$(?:\{skew#-\}|memory|disk)" -(?:le|ge) \d+ \] \|\| problem .*$/, nothing],
  [/^if ! kubelet_exists; then\n[\s\S]*listening "\$port"[\s\S]*fi$/, nothing],
  [/^if ! runtime_installed && ! command -v apt-get .*\n.*problem .*\nfi$/, nothing],
  [/^(?:unfit=\$\(runtime_problem\)|\[ -z "\$unfit" \] \|\| problem .*)$/, nothing],
  [/^\[ "\$\(hostname\)" = "\$HOST_NAME" \] \|\| say .*$/, nothing],
  [
    /^if \[ -f ("[^"]+") \] && \[ "\$\(cat \1\)" != ("[^"]+") \]; then\n\s+problem cluster .*\nfi$/,
    (run, [file = '', wanted = '']) => {
      const present = readIfThere(run.expand(file))?.toString().trimEnd();
      if (present === undefined || present === run.expand(wanted)) return;
      run.problems.push(
        `cluster: belongs to the cluster '${present}'; clean it there first, or remove /var/lib/pai/cluster-id`,
      );
    },
  ],
  [
    /^if ! \[ -f "\$STATE\/cluster-id" \] && [^\n]*\/var\/lib\/etcd[\s\S]*problem data [\s\S]*fi$/,
    (run) => {
      const owner = run.strangeEtcdData();
      if (owner === undefined) return;
      run.problems.push(
        `data: /var/lib/etcd holds data of the cluster '${owner}': move it away, or delete it if nobody needs it`,
      );
    },
  ],
  [
    /^\[ -z "\$problems" \] \|\| fail "preflight:\$problems"$/,
    (run) => {
      if (run.problems.length > 0) run.failIf(`preflight:${run.problems.map((problem) => `\n  ${problem}`).join('')}`);
    },
  ],
  [/^printf '%s\\n' ("[^"]+") > ("[^"]+")$/, (run, [word = '', file = '']) => run.write(file, `${run.expand(word)}\n`)],
  [
    /^if ! grep -q .* "\$hosts"; then\n\s+say "naming \$HOST_NAME in \/etc\/hosts"\n[\s\S]*> "\$hosts"\nfi$/,
    (run) => {
      const line = `${run.variable('HOST_ADDRESS')}\t${run.variable('HOST_NAME')} # pai`;
      if (readIfThere(run.machine.at('etc/hosts'))?.toString().split('\n').includes(line) === true) return;
      run.say(`naming ${run.variable('HOST_NAME')} in /etc/hosts`);
      run.nameInHosts(line);
    },
  ],
  [/^touch "\$hosts"$/, nothing],
  // Simulated hosts have Docker, which needs nothing of it.
  [/^(?:configure_runtime|restore_runtime|(?:write|remove)_package_source)$/, nothing],
  [/^if \[ -f "\$ROOT\/etc\/hosts" \]; then\n\s+grep -v '# pai\$'[\s\S]*fi$/, (run) => run.nameInHosts()],
  [
    /^if ! runtime_installed; then\n[\s\S]*install_runtime\nfi$/,
    (run) => {
      if (run.machine.dockerRuns) return;
      for (const line of ['installing Docker', 'docker.io installed (simulated)']) run.say(line);
    },
  ],
  [
    /^if ! runtime_answers [^\n]*\n[\s\S]*start_runtime [\s\S]*fi$/,
    (run) => {
      if (run.machine.dockerRuns) return;
      run.machine.startDocker();
      for (const line of ['starting Docker', 'docker started (simulated)']) run.say(line);
    },
  ],
];

const RULES: readonly Rule[] = [...SHARED, ...LOOKS, ...PREPARING];

/** How a script ended. */
export interface ScriptEnd {
  readonly code: number;
  readonly isStopped: boolean;
}

/** A statement that was recognized; `step` is missing for assignments and simple commands. */
interface Statement {
  readonly text: string;
  readonly step?: Step;
  readonly groups: readonly string[];
}

/** Simulates scripts and probes. What hosts have in common is read once: all but the settings in front. */
export class Scripts {
  readonly #read = new Map<string, readonly Statement[]>();

  /** What a script does that is not simulated is an error. Never rejects. */
  async run(text: string, setting: ScriptSetting): Promise<ScriptEnd> {
    const [settings = ''] = /^(?:(?:set -eu|\w+='[^'\n]*')\n)*/.exec(text) ?? [];
    const run = new ScriptRun(setting);
    for (const statement of [...recognize(settings), ...this.#statements(text.slice(settings.length))]) {
      try {
        if (setting.signal.aborted) throw new Stopped();
        const done = statement.step?.(run, statement.groups);
        if (done !== undefined) await done;
        if (statement.step === undefined && !run.assign(statement.text) && !run.command(statement.text)) {
          throw new NotSimulated(statement.text);
        }
      } catch (error) {
        if (error instanceof Stopped) return { code: 143, isStopped: true };
        setting.say(messageOf(error, statement.text));
        return { code: 1, isStopped: false };
      }
    }
    return { code: 0, isStopped: false };
  }

  #statements(body: string): readonly Statement[] {
    const statements = this.#read.get(body) ?? recognize(body);
    this.#read.set(body, statements);
    return statements;
  }
}

function recognize(text: string): readonly Statement[] {
  return readScript(text).statements.map((statement) => {
    for (const [sign, step] of RULES) {
      const match = sign.exec(statement);
      if (match !== null) return { text: statement, step, groups: match.slice(1) };
    }
    return { text: statement, groups: [] };
  });
}

function messageOf(error: unknown, statement: string): string {
  if (error instanceof ScriptFailure) return error.message;
  if (!(error instanceof NotSimulated)) return `error: ${error instanceof Error ? error.message : String(error)}`;
  const [line = ''] = statement.split('\n');
  return `error: hosts in process do not simulate '${line}': make a sandbox without --hosts-in-process to run it`;
}
