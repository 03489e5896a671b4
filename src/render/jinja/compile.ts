import { StatementCompiler } from './compile-statements.js';
import { blocksIn, hasExtends, namesAskedFor } from './names.js';
import type { Block, Statement } from './nodes.js';
import { parse } from './parser.js';
import { syntaxError } from './place.js';
import { Scope } from './scope.js';

/**
 * Compiles a template to the body of a JavaScript function of `library` (runtime/library.ts) and `own` (what belongs to this template: its
 * name and how undefined variables behave), which returns `{ root, blocks }`: functions from a Context to text. `label` is the file as told in errors.
 */
export function compile(text: string, label: string): string {
  return new TemplateCompiler(label).template(parse(text, label));
}

class TemplateCompiler extends StatementCompiler {
  template(statements: readonly Statement[]): string {
    const blocks = blocksIn(statements);
    for (const [index, block] of blocks.entries()) {
      if (blocks.findIndex(({ name }) => name === block.name) === index) continue;
      throw syntaxError(`the block ${block.name} is there twice`, this.label, block.at);
    }
    const root = this.#root(statements);
    const functions = blocks.map((block, index) => `const b${index}=${this.#block(block, index)};`);
    const names = blocks.map(({ name }, index) => `[${JSON.stringify(name)}]:b${index}`);
    const shared = Array.from(this.shared, ([code, name]) => `const ${name}=${code};`);
    return [
      '"use strict";',
      `const {${LIBRARY.join(',')}}=library;`,
      `const {${OWN.join(',')}}=own;`,
      ...shared,
      `const root=${root};`,
      ...functions,
      `return {root,blocks:{${names.join(',')}}};`,
    ].join('\n');
  }

  #root(statements: readonly Statement[]): string {
    const scope = new Scope();
    const self = namesAskedFor(statements, ['self']).size > 0 ? this.#self(scope) : '';
    scope.statements(statements);
    const extended = hasExtends(statements);
    return this.func('c', (out) => {
      const body = this.statements(statements, { scope, out, top: true, always: true, extended });
      const [parent, end] = extended ? ['let parent;', `if(parent)${out}+=parent.root(c);`] : ['', ''];
      return `${parent}${self}${this.declarations(scope)}\n${body}\n${end}`;
    });
  }

  #block(block: Block, index: number): string {
    const scope = new Scope();
    const asked = namesAskedFor(block.body, ['self', 'super']);
    const self = asked.has('self') ? this.#self(scope) : '';
    const above = asked.has('super')
      ? `const ${scope.parameter('super')}=superBlock(${JSON.stringify(block.name)},c,b${index});`
      : '';
    scope.statements(block.body);
    return this.func('c', (out) => {
      const body = this.statements(block.body, { scope, out, top: false, always: false, extended: false });
      return `${self}${above}${this.declarations(scope)}\n${body}`;
    });
  }

  #self(scope: Scope): string {
    return `const ${scope.parameter('self')}=new TemplateReference(c);`;
  }
}

/** Names of runtime/library.ts that compiled templates use. */
const LIBRARY = [
  'Loop',
  'Macro',
  'TemplateReference',
  'Tuple',
  'add',
  'applyfilter',
  'applytest',
  'attribute',
  'divide',
  'equal',
  'failAt',
  'filters',
  'float',
  'floorDivide',
  'greater',
  'greaterOrEqual',
  'include',
  'importModule',
  'isIn',
  'isNotIn',
  'item',
  'iterate',
  'keywords',
  'keywordsOf',
  'less',
  'lessOrEqual',
  'load',
  'locals',
  'makeDict',
  'modulo',
  'multiply',
  'negate',
  'notEqual',
  'owned',
  'positive',
  'raise',
  'requireBlock',
  'setNamespace',
  'slice',
  'str',
  'subtract',
  'tests',
  'truth',
  'unpack',
  'where',
];
/** Names of TemplateSupport in runtime/support.ts. */
const OWN = [
  'callMethod',
  'callValue',
  'env',
  'imported',
  'located',
  'missing',
  'noAttribute',
  'noElse',
  'noName',
  'superBlock',
];
