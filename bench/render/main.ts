import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Outcome, Work } from './work.js';

const [hosts = 1000, rounds = 7] = process.argv.slice(2).map(Number);
const out = '.cache/bench/render';
const folder = 'bench/render/templates';

function machine(index: number, role: string) {
  const name = `${role}-${String(index).padStart(4, '0')}`;
  return { name, address: `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`, role };
}

function workFor(count: number): Work {
  const masters = Array.from({ length: 3 }, (_, index) => machine(index + 1, 'master'));
  const properties = Array.from({ length: 30 }, (_, index) => ({
    name: `yarn.scheduler.setting-${index}`,
    value: index % 3 === 0 ? index * 1000 : `value-${index}`,
    final: index % 5 === 0,
  }));
  const cluster = {
    dns: '10.254.0.10',
    domain: 'cluster.local',
    registry: 'registry.local:5000',
    versions: { etcd: '3.4.13', exporter: '1.0.1' },
    etcd: { quota: 8192 },
    masters,
    masterNames: masters.map(({ name }) => name),
    registries: [machine(9, 'registry'), machine(10, 'registry')],
    neighbours: Array.from({ length: 20 }, (_, index) => machine(index + 100, 'worker')),
    properties,
    proxies: { http: 'http://proxy.local:3128', no: '127.0.0.1' },
    collectors: Array.from({ length: 12 }, (_, index) => ({ name: `c${index}`, enabled: index % 4 !== 0 })),
    reserved: 2048,
  };
  const all = Array.from({ length: count }, (_, index) => ({
    ...machine(index + 100, index % 50 === 0 ? 'master' : 'worker'),
    labels: Array.from({ length: (index % 3) + 1 }, (_label, label) => ({ key: `pai-${label}`, value: String(index) })),
    ...(index % 2 === 0 && { zone: `z${index % 7}` }),
    sku: { cpus: 8 + (index % 5) * 8, memory: 64, gpus: ['k80', 'p100'].slice(0, (index % 2) + 1) },
  }));
  const templates = Object.fromEntries(
    readdirSync(folder).map((name) => [name, readFileSync(path.join(folder, name), 'utf8')]),
  );
  return { templates, cluster, hosts: all };
}

mkdirSync(out, { recursive: true });
const file = path.join(out, 'work.json');
writeFileSync(file, JSON.stringify(workFor(hosts)));
const contenders = {
  pai: [process.execPath, path.join(out, 'pai.js'), file],
  "Python's Jinja2": [process.env.PAI_BENCH_PYTHON ?? '/usr/bin/python3', 'bench/render/jinja.py', file],
  'nunjucks as it comes': [process.execPath, path.join(out, 'nunjucks.js'), file],
};

const outcomes = new Map<string, Outcome[]>();
for (let round = 0; round < rounds; round++) {
  for (const [name, [program = '', ...args]] of Object.entries(contenders)) {
    const outcome: Outcome = JSON.parse(execFileSync(program, args, { encoding: 'utf8' }));
    outcomes.set(name, [...(outcomes.get(name) ?? []), outcome]);
  }
}

const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
const python = outcomes.get("Python's Jinja2") ?? [];
const reference = median(python.map(({ renderCpu }) => renderCpu));
console.log(
  `${hosts} hosts x ${readdirSync(folder).length} templates, medians of ${rounds} rounds, CPU seconds (user and system)\n`,
);
console.log(
  `${'contender'.padEnd(22)}${'rendering'.padStart(11)}${'a second'.padStart(10)}${'speed'.padStart(8)}${'process'.padStart(10)}  same text`,
);
for (const [name, all] of outcomes) {
  const cpu = median(all.map(({ renderCpu }) => renderCpu));
  const whole = median(all.map(({ processCpu }) => processCpu));
  const same = all.every(({ digest }) => digest === python[0]?.digest);
  const perSecond = Math.round((all[0]?.texts ?? 0) / cpu);
  console.log(
    `${name.padEnd(22)}${cpu.toFixed(3).padStart(11)}${String(perSecond).padStart(10)}${(reference / cpu).toFixed(2).padStart(8)}${whole.toFixed(3).padStart(10)}  ${same ? 'yes' : 'no'}`,
  );
}
console.log(
  "\nrendering: reading templates' text as JSON excluded, compiling included; speed: as a multiple of Python's Jinja2",
);
