import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { hostsFile } from '../bare-host.js';
import { commandSource } from '../command-files.js';
import { type GivenFile, Installs, makeFolder, write } from './installs.js';
import { type Machine, readIfThere, ScriptFailure } from './machine.js';
import { wordsOf } from './shell-words.js';

/** How often it is looked whether what a script waits for is there. */
const WAIT_POLL_MS = 50;

/** Ports of a control plane's components. */
const COMPONENTS: Readonly<Record<string, string>> = { 10257: 'kube-controller-manager', 10259: 'kube-scheduler' };

/** What a script works on. */
export interface ScriptSetting {
  readonly machine: Machine;
  readonly files: readonly GivenFile[];
  /** The longest that a script waits for anything. */
  readonly waitSeconds: number;
  readonly signal: AbortSignal;
  say(line: string): void;
  /** Called before something is waited for. */
  flush(): void;
}

/** A script is ended. */
export class Stopped extends Error {}

/** A statement that is not simulated. */
export class NotSimulated extends Error {}

/** A host script that is being simulated: its variables, and what its functions do. */
export class ScriptRun {
  readonly setting: ScriptSetting;
  readonly machine: Machine;
  readonly installs: Installs;
  /** The payload, as far as the script has changed it. */
  files: readonly GivenFile[];
  /** Problems of a preflight. */
  readonly problems: string[] = [];
  readonly #variables = new Map<string, string>();
  #newCertificates: readonly string[] = [];

  constructor(setting: ScriptSetting) {
    this.setting = setting;
    this.machine = setting.machine;
    this.files = setting.files;
    this.installs = new Installs(setting.machine.own.root, setting.say);
    this.#variables.set('ROOT', setting.machine.own.root);
  }

  say(line: string): void {
    this.setting.say(line);
  }

  /** Ends the script with `error: ...`, if there is something wrong. */
  failIf(problem: string | undefined, prefix = ''): void {
    if (problem !== undefined) throw new ScriptFailure(`error: ${prefix}${problem}`);
  }

  /** Ends the script with what a look said, if it said something. */
  exitIf(problem: string | undefined): void {
    if (problem !== undefined) throw new ScriptFailure(problem);
  }

  variable(name: string): string {
    const value = this.#variables.get(name);
    if (value === undefined) throw new NotSimulated(`$${name}`);
    return value;
  }

  /** A `name=value` line. False when its value is more than text and variables. */
  assign(line: string): boolean {
    const [begin, name = ''] = /^(\w+)=/.exec(line) ?? [];
    const read = begin === undefined ? undefined : this.#words(line.slice(begin.length));
    if (read === undefined || read.length > 1) return false;
    this.#variables.set(name, read[0] ?? '');
    return true;
  }

  /** The one word that a text is once its variables are put in. @throws NotSimulated */
  expand(text: string): string {
    const [word, ...more] = this.#words(text) ?? [];
    if (word === undefined || more.length > 0) throw new NotSimulated(text);
    return word;
  }

  /** A path of a simple command, which must be below the host's root. @throws NotSimulated */
  #place(word: string): string {
    const place = path.resolve(word);
    if (!place.startsWith(`${this.machine.own.root}/`)) throw new NotSimulated(word);
    return place;
  }

  /** A simple command that changes files. False when it is none of those that are known. */
  command(line: string): boolean {
    const [, text = line, into] = /^(.*?) > ("[^"]+")$/.exec(line) ?? [];
    const [name = '', ...words] = this.#words(text) ?? [];
    const options = words.filter((word) => word.startsWith('-'));
    const rest = words.filter((word) => !word.startsWith('-'));
    const places = () => rest.map((word) => this.#place(word));
    switch (`${[name, ...options].join(' ')}${into === undefined ? '' : ' >'}`) {
      case 'mkdir -p':
        for (const place of places()) makeFolder(place);
        return true;
      case 'chmod':
        // Folders are made for root only, and files with the mode that they are given.
        return rest[0] === '700';
      case 'rm -f':
      case 'rm -rf':
        for (const place of places()) rmSync(place, { recursive: options.includes('-rf'), force: true });
        return true;
      case 'cat >':
        this.write(into ?? '', Buffer.concat(places().map((place) => readFileSync(place))));
        return true;
      case 'mv -f': {
        const [from = '', to = ''] = places();
        renameSync(from, to);
        return true;
      }
      case 'say':
      case 'echo':
        this.say(words.join(' '));
        return true;
      default:
        return false;
    }
  }

  /** `printf '%s\n' WORD > FILE` and what else writes a file for root only. */
  write(file: string, content: Buffer | string): void {
    write(this.#place(this.expand(file)), content);
  }

  /** What is wrong with what a function of the scripts looks at; undefined when nothing is. @throws NotSimulated */
  look(call: string): string | undefined {
    const [name = '', ...words] = call.split(' ');
    const [word = ''] = words;
    switch (name) {
      case 'runtime_answers':
        return this.machine.dockerProblem();
      case 'kubelet_running':
        return this.machine.kubeletProblem();
      case 'pod_running':
        return this.machine.podProblem(word);
      case 'etcd_healthy':
        return this.machine.etcdProblem();
      case 'apiserver_ready':
        return this.machine.apiServerProblem();
      case 'component_healthy':
        return this.machine.componentProblem(COMPONENTS[word] ?? '', word);
      case 'node_ready':
      case 'node_ready_but_network':
        return this.machine.nodeProblem(this.variable('NODE'));
      case 'node_kubectl':
        if (words.join(' ') === '--server=https://127.0.0.1:6443 get --raw /readyz')
          return this.machine.apiServerProblem();
    }
    throw new NotSimulated(call);
  }

  /** `wait_for`: the last words of the look are the reason when it never is content. */
  async waitFor(what: string, call: string): Promise<void> {
    this.say(`waiting for ${what}`);
    const end = Date.now() + this.setting.waitSeconds * 1000;
    for (;;) {
      const problem = this.look(call);
      if (problem === undefined) return;
      if (Date.now() >= end) {
        this.say(problem);
        this.failIf(`gave up waiting for ${what}`);
      }
      this.setting.flush();
      await sleep(WAIT_POLL_MS);
      if (this.setting.signal.aborted) throw new Stopped();
    }
  }

  /** Tells that a certificate expires soon; fails once it has. */
  tellExpiry(name: string): void {
    const left = this.installs.daysLeft(name);
    if (left === undefined) return;
    this.failIf(left < 0 ? `the certificate ${name} has expired` : undefined);
    if (left < 60) this.say(`warning: the certificate ${name} expires in ${left} days: run pai pki renew`);
  }

  installCertificates(): void {
    this.#newCertificates = this.installs.installCertificates(this.setting.files);
  }

  /** Starts kubelet in a container, or leaves it alone when the one that runs is what is wanted. */
  startKubelet(): void {
    const { machine } = this;
    const hyperkube = this.variable('HYPERKUBE');
    if (machine.pullProblem(hyperkube) !== undefined) {
      this.failIf(`the image ${hyperkube} can't be pulled: check docker-registry and hyperkube-version`);
    }
    for (const folder of ['var/lib/kubelet', 'etc/kubernetes/manifests']) makeFolder(machine.at(folder));
    const sources = ['kubelet.yaml', 'kubelet.conf', 'pki/kubelet-client.spec', 'pki/kubelet-server.spec'];
    const spec = createHash('sha256').update(
      JSON.stringify([hyperkube, this.variable('KUBELET_FLAGS'), this.variable('NODE')]),
    );
    for (const name of sources) spec.update(readFileSync(machine.at('etc/kubernetes', name)));
    const label = `pai.spec=${spec.digest('hex')}`;
    const isWanted = machine.kubeletProblem() === undefined && machine.labelsOf('kubelet').includes(label);
    if (isWanted && this.#newCertificates.length === 0) return;
    this.say('starting kubelet');
    machine.run({ name: 'kubelet', image: hyperkube, label });
    this.say('waiting for kubelet');
  }

  /** Who the members of etcd are, written into the manifest that is about to be installed. Nobody joins a cluster that serves already. */
  fillInMembers(): void {
    const given = this.files.find((file) => file.path === 'members')?.content ?? '';
    const present = readIfThere(this.machine.at('etc/kubernetes/manifests/etcd.yaml'))?.toString() ?? '';
    const [, members = Buffer.from(given).toString().trim()] = /--initial-cluster=(\S+)/.exec(present) ?? [];
    const [, state = 'new'] = /--initial-cluster-state=(\S+)/.exec(present) ?? [];
    this.files = this.files.map((file) => {
      if (file.path !== 'root/etc/kubernetes/manifests/etcd.yaml') return file;
      const manifest = Buffer.from(file.content).toString();
      const filled = manifest.replace('INITIAL_CLUSTER_STATE', state).replace('INITIAL_CLUSTER', members);
      return { ...file, content: Buffer.from(filled) };
    });
  }

  async etcdComesUp(): Promise<void> {
    await this.waitFor(`etcd on ${this.variable('NODE')}`, 'etcd_healthy');
    write(this.machine.at('var/lib/pai/etcd-served'), `${this.variable('PEER_URL')}\n`);
  }

  /** Takes kubelet with all that it runs and made off the machine. */
  resetNode(): void {
    this.machine.removeContainer('kubelet');
    const kubelet = this.machine.at('var/lib/kubelet');
    if (existsSync(kubelet)) this.empty(kubelet);
    for (const folder of [
      'var/lib/pai/bin',
      'var/lib/pai/pki-generation',
      'etc/kubernetes',
      'var/log/pods',
      'var/log/containers',
    ]) {
      rmSync(this.machine.at(folder), { recursive: true, force: true });
    }
  }

  /** Keeps a folder of data and says so, or deletes it. */
  settleData(folder: string, deletes: boolean): void {
    const place = this.machine.at(folder.slice(1));
    if (!existsSync(place)) return;
    if (deletes || readdirSync(place).length > 0) this.say(`${deletes ? 'deleting' : 'keeping'} ${folder}`);
    if (deletes) rmSync(place, { recursive: true });
  }

  /** Data that outlives its cluster says whose it is. */
  markEtcdData(): void {
    const folder = this.machine.at('var/lib/etcd');
    if (!existsSync(folder)) return;
    if (readdirSync(folder).some((name) => name !== 'cluster-id')) {
      write(path.join(folder, 'cluster-id'), `${this.variable('CLUSTER_ID')}\n`, 0o600);
    } else rmSync(folder, { recursive: true });
  }

  /** Whose data of etcd is there, when it is not this cluster's. */
  strangeEtcdData(): string | undefined {
    const folder = this.machine.at('var/lib/etcd');
    const isMaster = this.variable('HOST_PORTS').includes('2379');
    if (!isMaster || existsSync(this.machine.at('var/lib/pai/cluster-id'))) return undefined;
    if (!existsSync(folder) || readdirSync(folder).length === 0) return undefined;
    const owner = readIfThere(path.join(folder, 'cluster-id'))?.toString().trimEnd() ?? '(unknown)';
    return owner === this.variable('CLUSTER_ID') ? undefined : owner;
  }

  empty(folder: string): void {
    for (const name of readdirSync(folder)) rmSync(path.join(folder, name), { recursive: true, force: true });
  }

  stopPod(name: string): void {
    rmSync(this.machine.at('etc/kubernetes/manifests', `${name}.yaml`), { force: true });
  }

  /** `/etc/hosts` of the host without what pai wrote there, and with a line of its own if one is given. */
  nameInHosts(line?: string): void {
    const place = this.machine.at('etc/hosts');
    const present = readIfThere(place)?.toString() ?? hostsFile(this.machine.host);
    const lines = present.split('\n').filter((each) => each !== '');
    const kept = lines.filter((each) => !each.endsWith('# pai'));
    write(place, [...kept, ...(line === undefined ? [] : [line])].map((each) => `${each}\n`).join(''), 0o644);
  }

  /** The kubectl of operators, as it is copied out of the image. */
  copyKubectl(to: string): void {
    this.exitIf(this.machine.kubeletProblem());
    const place = this.#place(to);
    write(place, readFileSync(commandSource('lib/kubectl-of-operators')), 0o700);
  }

  #words(text: string): readonly string[] | undefined {
    return wordsOf(text, (name) => this.#variables.get(name));
  }
}
