import type { Environment, ILoader } from 'nunjucks';

/**
 * The parts of nunjucks that its type package leaves out. They are the same in every release of version 3, which only
 * gets fixes.
 */

/** A node of a template's syntax tree. Lines and columns count from 0. */
export interface SyntaxNode {
  readonly typename: string;
  readonly lineno: number;
  readonly colno: number;
}

/** A syntax node with the fields of all kinds that we look into. */
export interface AnyNode extends SyntaxNode {
  readonly value?: unknown;
  readonly target?: AnyNode;
  readonly val?: AnyNode;
  readonly left?: AnyNode;
  readonly right?: AnyNode;
  readonly expr?: AnyNode;
  readonly ops?: readonly AnyNode[];
  readonly children?: readonly AnyNode[];
  readonly cond?: AnyNode;
  readonly name?: AnyNode;
  readonly args?: AnyNode;
  arr?: AnyNode;
}

/** `target.val`, `target[val]`. */
export interface LookupNode extends AnyNode {
  readonly target: AnyNode;
  readonly val: AnyNode;
}

/** `args[0] | name(args[1], ...)`. */
export interface FilterNode extends AnyNode {
  readonly name: AnyNode;
  readonly args: AnyNode;
}

/** Turns a syntax tree into JavaScript; `compile<Kind>` is called for nodes of a kind. */
export interface Compiler {
  readonly templateName: string;
  compile(node: SyntaxNode, frame?: unknown): void;
  getCode(): string;
  _emit(code: string): void;
  _compileExpression(node: SyntaxNode, frame: unknown): void;
  _compileAggregate(node: SyntaxNode, frame: unknown, before: string, after: string): void;
  compileSymbol(node: AnyNode, frame: unknown): void;
  compileLookupVal(node: LookupNode, frame: unknown): void;
  compileFilter(node: FilterNode, frame: unknown): void;
  compileIs(node: AnyNode, frame: unknown): void;
  compileIf(node: AnyNode, frame: unknown): void;
  compileInlineIf(node: AnyNode, frame: unknown): void;
  compileFor(node: AnyNode, frame: unknown): void;
}

/** A compiled template: nunjucks calls `root`. */
export interface CompiledTemplate {
  readonly root: unknown;
}

/** An environment with its table of filters. */
export type FilterEnvironment = Environment & { readonly filters: Readonly<Record<string, unknown>> };

/** nunjucks as it is. */
export interface Nunjucks {
  readonly Environment: new (
    loader: ILoader,
    options: { readonly autoescape: boolean; readonly throwOnUndefined: boolean; readonly dev: boolean },
  ) => FilterEnvironment;
  readonly compiler: { readonly Compiler: new (templateName: string, throwOnUndefined: boolean) => Compiler };
  readonly parser: { parse(source: string, extensions: readonly [], options: object): SyntaxNode };
  readonly runtime: { memberLookup(target: unknown, key: unknown): unknown };
  readonly nodes: {
    readonly Symbol: new (lineno: number, colno: number, value: string) => AnyNode;
    readonly Filter: new (lineno: number, colno: number, name: AnyNode, args: AnyNode) => AnyNode;
    readonly NodeList: new (lineno: number, colno: number, children: readonly AnyNode[]) => AnyNode;
  };
  installJinjaCompat(): void;
}

/** Prepares a syntax tree for the compiler (`super()`); nunjucks does not export it. */
export interface Transformer {
  transform(tree: SyntaxNode, asyncFilters: readonly [], name: string): SyntaxNode;
}

let loaded: Promise<{ nunjucks: Nunjucks; transformer: Transformer }> | undefined;

/** Loads nunjucks at first use, with Python's methods on dicts and lists (`items()`, `get()`), True, False and None. */
export function loadNunjucks(): Promise<{ nunjucks: Nunjucks; transformer: Transformer }> {
  loaded ??= load();
  return loaded;
}

async function load(): Promise<{ nunjucks: Nunjucks; transformer: Transformer }> {
  // A name that the compiler does not resolve: there are no types for it.
  const transformerModule: string = 'nunjucks/src/transformer.js';
  const [module, transformer] = await Promise.all([import('nunjucks'), import(transformerModule)]);
  // The type package describes other parts of the same module.
  const nunjucks = module.default as unknown as Nunjucks;
  nunjucks.installJinjaCompat();
  return { nunjucks, transformer: transformer.default };
}
