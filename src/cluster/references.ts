import { defineScalarTag, type ScalarTagDefinition } from 'js-yaml';
import { didYouMean } from '../model/suggest.js';

/** Where a value may be kept instead of in the file itself. */
const KINDS = ['env', 'file', 'exec'] as const;

/** A value that is written as `!env NAME`, `!file PATH` or `!exec COMMAND`. */
export class Reference {
  readonly kind: (typeof KINDS)[number];
  /** Name of a variable, path of a file, or a command. */
  readonly argument: string;

  constructor(kind: (typeof KINDS)[number], argument: string) {
    this.kind = kind;
    this.argument = argument;
  }

  /** As it is written in a file. */
  toString(): string {
    return `!${this.kind} ${this.argument}`;
  }
}

/** The tags, for js-yaml. */
export const REFERENCE_TAGS: readonly ScalarTagDefinition[] = KINDS.map((kind) =>
  defineScalarTag<Reference>(`!${kind}`, {
    resolve: (argument) => new Reference(kind, argument.trim()),
    identify: (value) => value instanceof Reference && value.kind === kind,
    represent: (reference) => (reference as Reference).argument,
  }),
);

/** What to say of a tag that js-yaml does not accept, in its words `unknown scalar tag !<!name>`; undefined for other words. */
export function unknownTag(reason: string): string | undefined {
  const [, node, tag = ''] = /^unknown (\w+) tag !<(.+)>$/.exec(reason) ?? [];
  if (node === undefined) return undefined;
  const known = KINDS.map((kind) => `!${kind}`);
  if (known.includes(tag)) return `${tag} stands before a single value, not before a ${node}`;
  return `unknown tag ${tag}; ${didYouMean(tag, known) ?? `there are ${known.join(', ')}`}`;
}
