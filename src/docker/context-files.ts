import type { ContextFile, PayloadFile, SourceFile } from '../model/drivers.js';
import { PaiError } from '../model/errors.js';

const IGNORE_FILE = '.dockerignore';
const DOCKERFILE = 'Dockerfile';

/**
 * The files of a build context that its .dockerignore leaves, sorted by path. Dockerfile and .dockerignore are always
 * among them, as with Docker's own client: the builder needs them, and itself keeps them out of `COPY` when ignored.
 * Fails with IMAGE_CONTEXT on a pattern that is not one.
 */
export async function contextFiles<File extends ContextFile>(files: readonly File[]): Promise<readonly File[]> {
  const sorted = [...files].sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
  const ignored = await ignoreRules(sorted);
  return sorted.filter(({ path }) => path === IGNORE_FILE || path === DOCKERFILE || !ignored(path));
}

/** What the builder is sent. */
export interface SentContext {
  readonly files: readonly ContextFile[];
  /**
   * Only the classic builder makes the same image of it as Docker's own client would: it keeps an ignored Dockerfile out of `COPY .`, which
   * BuildKit does only for contexts that it asks a client for.
   */
  readonly classic: boolean;
}

/** What to send of a context that .dockerignore was applied to. */
export async function sentContext(files: readonly ContextFile[]): Promise<SentContext> {
  const ignored = await ignoreRules(files);
  if (ignored(DOCKERFILE) && takesDockerfile(dockerfileOf(files) ?? '')) return { files, classic: true };
  return { files: ignored(IGNORE_FILE) ? files.filter(({ path }) => path !== IGNORE_FILE) : files, classic: false };
}

/** Whether COPY or ADD may take what lies beside the Dockerfile: by the whole context, by a pattern, or by its name. */
function takesDockerfile(dockerfile: string): boolean {
  const copied = dockerfile.replace(/\\[ \t]*\r?\n/g, ' ').matchAll(/^[ \t]*(?:COPY|ADD)[ \t]+(.*)$/gim);
  return [...copied].some(([, rest = '']) => {
    const words = rest.split(/[\s",[\]]+/).filter((word) => word !== '' && !word.startsWith('--'));
    return words.slice(0, -1).some((word) => /^(?:\.?\/*)$|[*?$]|Dockerfile/.test(word));
  });
}

/** Tells whether .dockerignore leaves a path out. Fails with IMAGE_CONTEXT on a pattern that is not one. */
async function ignoreRules(files: readonly ContextFile[]): Promise<(path: string) => boolean> {
  const ignoreFile = files.find((file) => file.path === IGNORE_FILE);
  if (ignoreFile === undefined || !isPayload(ignoreFile)) return () => false;
  const { default: dockerignore } = await import('@balena/dockerignore');
  const rules = dockerignore.default({ ignorecase: false }).add(patterns(textOf(ignoreFile.content)));
  return (path) => {
    try {
      return rules.ignores(path);
    } catch (error) {
      throw new PaiError(
        'IMAGE_CONTEXT',
        `${IGNORE_FILE} has a pattern that can't be read: ${(error as Error).message}`,
        {
          where: IGNORE_FILE,
          next: `Correct the pattern; ${IGNORE_FILE} takes *, **, ?, [a-z] and a leading !.`,
          cause: error,
        },
      );
    }
  };
}

/**
 * Lines of a .dockerignore. The library leaves `+(){}|` to mean what they mean in a regular expression; Docker takes
 * them as they are, and drops a byte order mark.
 */
function patterns(text: string): string[] {
  return text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .map((line) => line.replace(/\\.|[+(){}|]/g, (match) => (match.length > 1 ? match : `\\${match}`)));
}

/** Whether a file of a context is one whose content is in memory: of the image's own folder, not of a source tree. */
export function isPayload(file: ContextFile): file is PayloadFile {
  return 'content' in file;
}

/** The context's Dockerfile as text; undefined when there is none. */
export function dockerfileOf(files: readonly ContextFile[]): string | undefined {
  const file = files.find((candidate) => candidate.path === DOCKERFILE);
  return file === undefined || !isPayload(file) ? undefined : textOf(file.content);
}

/** Permission bits that a file gets in the image: only whether it may be executed is kept. */
export function contextMode(file: PayloadFile | SourceFile): 0o755 | 0o644 {
  return (file.mode & 0o100) === 0 ? 0o644 : 0o755;
}

function textOf(content: string | Uint8Array): string {
  return typeof content === 'string' ? content : Buffer.from(content).toString('utf8');
}
