// One of several processes that use a cache at once: keeps, takes back and prunes as a seed tells, and says what was wrong.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const [modules, directory, root, seedText, maxBytes] = process.argv.slice(2);
const { openOutputCache } = await import(`${modules}/state/output-cache.js`);
const { prune } = await import(`${modules}/state/output-cache/evict.js`);
const { layoutOf, sha256 } = await import(`${modules}/state/output-cache/layout.js`);

let seed = Number(seedText);
const random = (below) => {
  seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
  return Math.floor((seed / 2_147_483_648) * below);
};

const told = { restored: 0, missed: 0, wrong: [], warnings: [] };
mkdirSync(path.join(root, 'out'), { recursive: true });
const contents = (name) => [`${name} `.repeat(300), `common ${name.length}`, 'the same in all'];
const outputs = ['out/0', 'out/1', 'out/2'];
for (let round = 0; round < 6; round++) {
  const warn = (text) => told.warnings.push(text);
  const cache = openOutputCache({
    directory,
    root,
    staging: path.join(root, '.cache'),
    maxBytes: Number(maxBytes),
    warn,
  });
  for (let step = 0; step < 25; step++) {
    const name = `target-${random(12)}`;
    for (const output of outputs) rmSync(path.join(root, output), { force: true });
    const found = await cache.restore({
      target: name,
      fingerprint: sha256(name),
      declares: () => true,
      existing: outputs,
    });
    if (found === undefined) {
      told.missed++;
      for (const [index, output] of outputs.entries()) writeFileSync(path.join(root, output), contents(name)[index]);
      await cache.put({ target: name, fingerprint: sha256(name), run: 'run', outputs });
    } else {
      told.restored++;
      for (const [index, output] of outputs.entries()) {
        if (readFileSync(path.join(root, output), 'utf8') !== contents(name)[index])
          told.wrong.push(`${name} ${output}`);
      }
    }
    if (random(10) === 0) await prune(layoutOf(directory), random(20_000), Date.now());
  }
  await cache.close();
}
process.stdout.write(JSON.stringify(told));
