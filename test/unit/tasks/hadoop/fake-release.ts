import { createHash, randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { packTar } from '../../../../src/ssh/payload.js';

/** Which layout a fake release has. */
export type Layout = 'fake-2.x' | 'fake-3.x';

const XML = '<?xml version="1.0" encoding="UTF-8"?>\n<?xml-stylesheet type="text/xsl" href="configuration.xsl"?>\n';

function property(name: string, value: string, description = ''): string {
  const told = description === '' ? '' : `\n    <description>${description}</description>`;
  return `  <property>\n    <name>${name}</name>\n    <value>${value}</value>${told}\n  </property>\n`;
}

const scheduler = `${XML}<!-- fake scheduler -->
<configuration>

${property('yarn.scheduler.capacity.resource-calculator', 'org.fake.Calculator', 'how resources are compared')}
${property('yarn.scheduler.capacity.root.queues', 'default', 'queues below root')}
${property('yarn.scheduler.capacity.root.default.capacity', '100')}
${property('yarn.scheduler.capacity.maximum-applications', '7', 'left as it is')}
</configuration>
`;

/** Stock files of a fake release, by name: their form is that of the real ones, their words are the test's own. */
export function fakeStock(layout: Layout): Record<string, string> {
  const empty = `${XML}<!-- fake site file -->\n\n<configuration>\n</configuration>\n`;
  const two = layout === 'fake-2.x';
  return {
    'core-site.xml': empty,
    // Without a line end before the closing tag, as some have it.
    'hdfs-site.xml': `${XML}<configuration></configuration>`,
    'yarn-site.xml': `${XML}<configuration>\n\n<!-- Fake site specific properties -->\n\n</configuration>\n`,
    [two ? 'mapred-site.xml.template' : 'mapred-site.xml']: empty,
    'capacity-scheduler.xml': scheduler,
    'hadoop-env.sh': two ? '# fake 2\nexport JAVA_HOME=$JAVA_HOME\n' : '# fake 3\n# export JAVA_HOME=\n',
    'yarn-env.sh': two ? '# fake 2\nJAVA_HEAP_MAX=-Xmx1000m\n' : '# fake 3, no line end',
    'mapred-env.sh': 'export NOBODY_ASKED=1\n',
  };
}

/** What a fake release is made of. */
export interface FakeRelease {
  readonly layout?: Layout;
  /** Folder at its top; '' for none. */
  readonly folder?: string;
  /** Instead of, or besides, what the layout has; undefined leaves a file out. */
  readonly files?: Readonly<Record<string, string | undefined>>;
  /** Files elsewhere in the archive, by their path in it. */
  readonly others?: Readonly<Record<string, string>>;
  /** Bytes that do not compress, at its end: so that there is something to cut off. */
  readonly ballast?: number;
}

/** A release as a tar.gz. */
export async function fakeRelease({
  layout = 'fake-2.x',
  folder = 'hadoop-0.0.0-fake',
  files = {},
  others = {},
  ballast = 4096,
}: FakeRelease = {}): Promise<Buffer> {
  const top = folder === '' ? '' : `${folder}/`;
  const stock = Object.entries({ ...fakeStock(layout), ...files });
  const tar = await packTar([
    { path: `${top}README.txt`, mode: 0o644, content: 'not a Hadoop release: a fake of the tests\n' },
    ...stock.flatMap(([name, content]) =>
      content === undefined ? [] : [{ path: `${top}etc/hadoop/${name}`, mode: 0o644, content }],
    ),
    ...Object.entries(others).map(([place, content]) => ({ path: place, mode: 0o644, content })),
    { path: `${top}share/ballast`, mode: 0o644, content: randomBytes(ballast) },
  ]);
  return gzipSync(tar);
}

/** The same, written to a file. */
export async function writeFakeRelease(file: string, release: FakeRelease = {}): Promise<Buffer> {
  const archive = await fakeRelease(release);
  await writeFile(file, archive);
  return archive;
}

/** Hex SHA-512. */
export function sha512(content: Uint8Array): string {
  return createHash('sha512').update(content).digest('hex');
}
