import type { Block, Expression, Statement, Target } from './nodes.js';
import { namesIn } from './scope.js';

/**
 * Which of these names statements read before they set them, at any depth but in blocks: `loop`, `caller`, `self` and the like have a
 * value only where somebody asks for it.
 */
export function namesAskedFor(statements: readonly Statement[], names: readonly string[]): ReadonlySet<string> {
  const wanted = new Set(names);
  const found = new Set<string>();
  const read = (expressions: readonly (Expression | undefined)[]) => {
    for (const expression of expressions) {
      if (!expression) continue;
      for (const name of namesIn(expression)) if (wanted.has(name)) found.add(name);
    }
  };
  const set = (target: Target) => {
    if (target.kind === 'targets') for (const item of target.items) set(item);
    else if (target.kind === 'name') wanted.delete(target.name);
  };
  const walk = (body: readonly Statement[]): void => {
    for (const statement of body) {
      switch (statement.kind) {
        case 'output':
          read(statement.parts.filter((part) => typeof part !== 'string'));
          break;
        case 'for':
          set(statement.target);
          read([statement.iterable]);
          walk(statement.body);
          walk(statement.otherwise);
          read([statement.test]);
          break;
        case 'if':
          read([statement.test]);
          walk(statement.body);
          walk(statement.elifs);
          walk(statement.otherwise);
          break;
        case 'macro':
        case 'call-block':
          for (const parameter of statement.parameters) set(parameter);
          read(statement.defaults);
          if (statement.kind === 'call-block') read([statement.call]);
          walk(statement.body);
          break;
        case 'filter-block':
          walk(statement.body);
          read([statement.filter]);
          break;
        case 'with':
          for (const target of statement.targets) set(target);
          read(statement.values);
          walk(statement.body);
          break;
        case 'set':
          set(statement.target);
          read([statement.value]);
          break;
        case 'set-block':
          set(statement.target);
          read([statement.filter]);
          walk(statement.body);
          break;
        case 'scope':
          walk(statement.body);
          break;
        case 'extends':
        case 'include':
        case 'import':
        case 'from-import':
          read([statement.template]);
          break;
        case 'block':
          break;
      }
    }
  };
  walk(statements);
  return found;
}

/** All blocks of a template, at any depth, in order. */
export function blocksIn(statements: readonly Statement[]): Block[] {
  return statements.flatMap((statement) => [
    ...(statement.kind === 'block' ? [statement] : []),
    ...blocksIn(childrenOf(statement)),
  ]);
}

/** Whether there is an `extends`, at any depth. */
export function hasExtends(statements: readonly Statement[]): boolean {
  return statements.some((statement) => statement.kind === 'extends' || hasExtends(childrenOf(statement)));
}

/** The place of an assignment to a name, at any depth. */
export function assignmentOf(name: string, statements: readonly Statement[]): number | undefined {
  for (const statement of statements) {
    const targets =
      statement.kind === 'for' || statement.kind === 'set' || statement.kind === 'set-block' ? [statement.target] : [];
    const found = targets.find((target) => sets(target, name))?.at ?? assignmentOf(name, childrenOf(statement));
    if (found !== undefined) return found;
  }
  return undefined;
}

function sets(target: Target, name: string): boolean {
  if (target.kind === 'targets') return target.items.some((item) => sets(item, name));
  return target.kind === 'name' && target.name === name;
}

function childrenOf(statement: Statement): readonly Statement[] {
  switch (statement.kind) {
    case 'if':
      return [...statement.body, ...statement.elifs, ...statement.otherwise];
    case 'for':
      return [...statement.body, ...statement.otherwise];
    default:
      return 'body' in statement ? statement.body : [];
  }
}
