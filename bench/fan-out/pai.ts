import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Drivers } from '../../src/model/drivers.js';
import type { ApplyContext } from '../../src/model/target.js';
import { createHostDriver } from '../../src/ssh/driver.js';
import { hostAction } from '../../src/ssh/host-action.js';
import { type BenchSetting, PORT } from './hosts.js';
import { FILES, probe, script } from './work.js';

/** pai's driver as the engine uses it: looks at all hosts, then applies what is stale. Prints how many were applied. */
const setting: BenchSetting = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8'));
const hosts = createHostDriver({
  knownHosts: setting.knownHosts,
  hostKeys: 'strict',
  runId: 'bench',
  rootPrefix: `${setting.root}/files`,
});
const missing = (): never => {
  throw new Error('this benchmark has hosts only');
};
const drivers: Drivers = {
  hosts,
  get local() {
    return missing();
  },
  get images() {
    return missing();
  },
  get kube() {
    return missing();
  },
  get pki() {
    return missing();
  },
  get templates() {
    return missing();
  },
};

const targets = setting.hosts.map((host) => {
  const target = `bench:${host.name}`;
  const login = { name: host.name, address: host.address, port: PORT, user: setting.user, keyPath: setting.keyPath };
  const action = hostAction({
    host: login,
    work: async () => ({ files: FILES, script: script(setting.root), probe: probe(setting.root) }),
    probe: async () => probe(setting.root),
    clean: async () => ({ script: 'true' }),
  });
  let fingerprint = '';
  const context: ApplyContext = {
    target,
    drivers,
    outputs: new Map(),
    log: () => {},
    signal: new AbortController().signal,
    stamp: (output = fingerprint) => ({ format: 1, target, fingerprint, output, parts: {}, run: 'bench' }),
  };
  return {
    observe: () => action.observe(context),
    async desired() {
      const desired = await action.desired(context);
      fingerprint = createHash('sha256').update(JSON.stringify(desired.parts)).digest('hex');
      return { fingerprint, apply: () => desired.apply(context) };
    },
  };
});

const looks = await Promise.all(
  targets.map(async (target) => ({ seen: await target.observe(), desired: await target.desired() })),
);
const stale = looks.filter(({ seen, desired }) => {
  if (seen.kind === 'unknown') throw seen.error;
  return seen.stamp?.fingerprint !== desired.fingerprint || seen.problem !== undefined;
});
await Promise.all(stale.map(({ desired }) => desired.apply()));
await hosts.close();
process.stdout.write(`${stale.length}\n`);
