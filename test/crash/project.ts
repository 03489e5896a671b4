import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/**
 * A project of local targets in three layers. Each command writes its outputs in place, in two steps with a pause between them, so
 * that a crash leaves half-written ones. What a target makes tells all that it depends on: its value, its files, their
 * contents and whether they are executable.
 */
const MAKE = `#!/bin/bash
# make.sh KIND NAME VALUE OUTPUT FILE...
set -euo pipefail
kind=$1 name=$2 value=$3 output=$4; shift 4
tell() {
  local file
  for file in "$@"; do
    if [ -x "$file" ]; then printf '== %s x\\n' "$file"; else printf '== %s -\\n' "$file"; fi
    printf '%s\\n' "$(< "$file")"
  done
}
begin() { echo "making $1"; rm -f "$1"; printf '%s %s\\n' "$name" "$value" > "$1"; sleep 0.02; }
case $kind in
  file) begin "$output"; tell "$@" >> "$output" ;;
  two) begin "$output"; begin "$output.count"; tell "$@" >> "$output"; printf '%s\\n' "$#" >> "$output.count" ;;
  script) begin "$output"; chmod 755 "$output"; tell "$@" >> "$output" ;;
  folder)
    rm -rf "$output"; mkdir "$output"
    for file in "$@"; do begin "$output/\${file##*/}"; tell "$file" >> "$output/\${file##*/}"; done ;;
  maybe)
    begin "$output"
    for file in "$@"; do case "$(< "$file")" in *fail*) exit 3 ;; esac; done
    tell "$@" >> "$output" ;;
  note) begin "$output"; tell "$@" >> "$output" ;;
esac
`;

const NAMES = ['a0', 'a1', 'a2', 'a3', 'b0', 'b1', 'b2', 'c0', 'c1', 'maybe', 'note', 'always'] as const;
type Name = (typeof NAMES)[number];

/** How many targets there are, how many of them always run, and how many neither do that nor may fail: the group `steady`. */
export const TARGETS = NAMES.length;
export const ALWAYS = 1;
export const STEADY = TARGETS - 2;

function paifileOf(values: Readonly<Record<string, number>>): string {
  return `import { paifile } from 'pai';

const values: Record<string, number> = ${JSON.stringify(values)};

export default paifile(({ target, group, $ }) => {
  const valueOf = (name: string): number => values[name] ?? 0;
  const layer = [0, 1, 2, 3].map((n) =>
    target(\`a\${n}\`, {
      inputs: ['make.sh', \`in/\${n}/*.txt\`],
      outputs: [\`out/a\${n}\`],
      run: $\`bash make.sh file \${'a' + n} \${valueOf('a' + n)} \${'out/a' + n} in/\${n}/*.txt\`,
    }),
  );
  const [a0, a1, a2, a3] = layer;
  if (a0 === undefined || a1 === undefined || a2 === undefined || a3 === undefined) throw new Error('no layer');
  const b0 = target(
    'b0',
    {
      inputs: ['make.sh', 'out/a0', 'out/a1'],
      outputs: ['out/b0', 'out/b0.count'],
      run: $\`bash make.sh two b0 \${valueOf('b0')} out/b0 out/a0 out/a1\`,
    },
    { needs: [a0, a1] },
  );
  const b1 = target(
    'b1',
    {
      inputs: ['make.sh', 'out/a2', 'in/4/*.txt'],
      outputs: ['gen/**'],
      run: $\`bash make.sh folder b1 \${valueOf('b1')} gen out/a2 in/4/*.txt\`,
    },
    { needs: [a2] },
  );
  const b2 = target(
    'b2',
    {
      inputs: ['make.sh', 'out/a3'],
      outputs: ['out/b2'],
      run: $\`bash make.sh script b2 \${valueOf('b2')} out/b2 out/a3\`,
    },
    { needs: [a3] },
  );
  const c0 = target(
    'c0',
    {
      inputs: ['make.sh', 'out/b0', 'out/b2'],
      outputs: ['out/c0'],
      run: $\`bash make.sh file c0 \${valueOf('c0')} out/c0 out/b0 out/b2\`,
    },
    { needs: [b0, b2] },
  );
  const c1 = target(
    'c1',
    { inputs: ['make.sh', 'gen/**'], outputs: ['out/c1'], run: $\`bash make.sh file c1 \${valueOf('c1')} out/c1 gen/*\` },
    { needs: [b1] },
  );
  const maybe = target(
    'maybe',
    {
      inputs: ['make.sh', 'in/5/*.txt'],
      outputs: ['out/maybe'],
      run: $\`bash make.sh maybe maybe \${valueOf('maybe')} out/maybe in/5/*.txt\`,
    },
    { retries: 0 },
  );
  // What it makes is no output: only its stamp tells whether it came to its end.
  const note = target(
    'note',
    { inputs: ['make.sh', 'out/a0'], run: $\`bash make.sh note note \${valueOf('note')} note out/a0\` },
    { needs: [a0] },
  );
  const always = target('always', { outputs: ['out/always'], run: $\`rm -f out/always; echo always > out/always\` });
  group('all', 'all', [...layer, b0, b1, b2, c0, c1, maybe, note, always]);
  group('steady', 'those that can be fresh', [...layer, b0, b1, b2, c0, c1, note]);
});
`;
}

/** A project in a temporary folder, and what it should have. */
export class CrashProject {
  readonly root: string;
  readonly cache: string;
  /** How often it was looked at whether all is right. */
  looks = 0;
  #values: Record<string, number> = {};

  constructor() {
    this.root = mkdtempSync(path.join(tmpdir(), 'pai-crash-'));
    this.cache = path.join(this.root, '.cache');
    this.write('package.json', '{ "type": "module" }\n');
    this.write('make.sh', MAKE);
    for (let folder = 0; folder < 6; folder++) {
      for (const name of ['one', 'two', 'three']) this.write(`in/${folder}/${name}.txt`, `${name} of ${folder}`);
    }
    this.#writePaifile();
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }

  at(file: string): string {
    return path.join(this.root, file);
  }

  write(file: string, text: string): void {
    mkdirSync(path.dirname(this.at(file)), { recursive: true });
    writeFileSync(this.at(file), text);
  }

  /** Sets the value that a target's command is given, in the paifile. */
  setValue(target: Name, value: number): void {
    this.#values = { ...this.#values, [target]: value };
    this.#writePaifile();
  }

  /** Files that people edit. */
  inputs(): string[] {
    return [0, 1, 2, 3, 4, 5].flatMap((folder) => this.#inputsIn(folder));
  }

  /** Files that targets make and that are there. */
  outputs(): string[] {
    return ['out', 'gen'].flatMap((folder) =>
      existsSync(this.at(folder)) ? readdirSync(this.at(folder)).map((name) => `${folder}/${name}`) : [],
    );
  }

  get names(): readonly Name[] {
    return NAMES;
  }

  /** Whether the target that may fail does, with the inputs as they are. */
  fails(): boolean {
    return this.#inputsIn(5).some((file) => this.#text(file).includes('fail'));
  }

  /** What must be there when all has run: each file's mode and content. Computed without pai, from the inputs alone. */
  expected(): Record<string, string> {
    const made = new Map<string, { text: string; executable: boolean }>();
    const tell = (file: string): string => {
      const known = made.get(file);
      const executable = known?.executable ?? (statSync(this.at(file)).mode & 0o111) !== 0;
      return `== ${file} ${executable ? 'x' : '-'}\n${(known?.text ?? this.#text(file)).replace(/\n+$/, '')}\n`;
    };
    const head = (name: Name): string => `${name} ${this.#values[name] ?? 0}\n`;
    const make = (output: string, name: Name, files: readonly string[], executable = false): void => {
      made.set(output, { text: head(name) + files.map(tell).join(''), executable });
    };
    for (const [n, name] of (['a0', 'a1', 'a2', 'a3'] as const).entries()) make(`out/${name}`, name, this.#inputsIn(n));
    make('out/b0', 'b0', ['out/a0', 'out/a1']);
    made.set('out/b0.count', { text: `${head('b0')}2\n`, executable: false });
    const sources = ['out/a2', ...this.#inputsIn(4)];
    const generated = sources.map((file) => `gen/${path.basename(file)}`).sort();
    for (const file of sources) make(`gen/${path.basename(file)}`, 'b1', [file]);
    make('out/b2', 'b2', ['out/a3'], true);
    make('out/c0', 'c0', ['out/b0', 'out/b2']);
    make('out/c1', 'c1', generated);
    if (!this.fails()) make('out/maybe', 'maybe', this.#inputsIn(5));
    make('note', 'note', ['out/a0']);
    made.set('out/always', { text: 'always\n', executable: false });
    return Object.fromEntries(
      [...made].sort().map(([file, { text, executable }]) => [file, `${executable ? 755 : 644} ${text}`]),
    );
  }

  /** What is there, in the same form. Of a target that fails nothing is expected. */
  found(): Record<string, string> {
    const files = [...this.outputs(), ...(existsSync(this.at('note')) ? ['note'] : [])];
    return Object.fromEntries(
      files
        .filter((file) => !(file === 'out/maybe' && this.fails()))
        .sort()
        .map((file) => [file, `${(statSync(this.at(file)).mode & 0o777).toString(8)} ${this.#text(file)}`]),
    );
  }

  /** A copy of the cache, to start from again. */
  saveCache(to: string): void {
    rmSync(to, { recursive: true, force: true });
    cpSync(this.cache, to, { recursive: true, preserveTimestamps: true });
  }

  #inputsIn(folder: number): string[] {
    return readdirSync(this.at(`in/${folder}`))
      .filter((name) => name.endsWith('.txt'))
      .sort()
      .map((name) => `in/${folder}/${name}`);
  }

  #text(file: string): string {
    return readFileSync(this.at(file), 'utf8');
  }

  #writePaifile(): void {
    this.write('paifile.ts', paifileOf(this.#values));
  }
}
