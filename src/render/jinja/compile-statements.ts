import { ExpressionCompiler } from './compile-expression.js';
import { type Frame, innerFrame, namesOf, parameterVariables } from './frame.js';
import { assignmentOf, blocksIn, namesAskedFor } from './names.js';
import type { Block, CallBlock, Expression, For, If, Include, Macro, Statement, Target } from './nodes.js';
import { type Place, syntaxError } from './place.js';
import { Scope } from './scope.js';

/** Turns statements into JavaScript. */
export class StatementCompiler extends ExpressionCompiler {
  /** Whether there was an `extends` so far; `always`: one that is always reached. */
  protected extendsSoFar: 'none' | 'perhaps' | 'always' = 'none';

  /** JavaScript of statements, in order. */
  protected statements(statements: readonly Statement[], frame: Frame): string {
    return statements.map((statement) => this.#statement(statement, frame)).join('\n');
  }

  /** Declarations of the variables of a scope. */
  protected declarations(scope: Scope): string {
    const declared: string[] = [];
    for (const [variable, load] of scope.loads) {
      if (load.from === 'context') declared.push(`${variable}=c.resolve(${JSON.stringify(load.name)})`);
      else if (load.from === 'outer') declared.push(`${variable}=${load.variable}`);
      else if (load.from === 'nothing') declared.push(variable);
    }
    return declared.length === 0 ? '' : `let ${declared.join(',')};`;
  }

  /** A JavaScript function with text as its result; `body` writes to the variable that it is given. */
  protected func(parameters: string, body: (out: string) => string): string {
    const out = this.fresh('o');
    this.temporaries.push([]);
    const code = body(out);
    const temporaries = this.temporaries.pop() ?? [];
    const declared = [`${out}=""`, 'p=0', ...temporaries].join(',');
    return `(${parameters})=>{let ${declared};try{\n${code}\nreturn ${out}}catch(e){throw located(e,p)}}`;
  }

  #statement(statement: Statement, frame: Frame): string {
    switch (statement.kind) {
      case 'output':
        return this.#output(statement.parts, frame);
      case 'for':
        return this.#for(statement, frame);
      case 'if':
        return this.#if(statement, frame);
      case 'macro':
        return this.#macroStatement(statement, frame);
      case 'call-block':
        return this.#callBlock(statement, frame);
      case 'filter-block':
        return this.#filterBlock(statement, frame);
      case 'with':
        return this.#with(statement, frame);
      case 'scope': {
        const inner = innerFrame(frame, new Scope(frame.scope).statements(statement.body));
        return `{${this.declarations(inner.scope)}\n${this.statements(statement.body, inner)}}`;
      }
      case 'set':
        return this.#assign(statement.target, this.value(statement.value, frame.scope), frame, statement.at);
      case 'set-block':
        return this.#setBlock(statement, frame);
      case 'block':
        return this.#block(statement, frame);
      case 'extends':
        return this.#extends(statement.template, frame, statement.at);
      case 'include':
        return this.#include(statement, frame);
      case 'import': {
        const variable = frame.scope.variable(statement.target);
        const keep = frame.top ? this.#keep([statement.target], frame, false) : '';
        return `${variable}=${this.#module(statement, frame)};${keep}`;
      }
      case 'from-import': {
        const module = this.fresh('m');
        const taken = statement.names.map(
          ({ name, alias }) =>
            `${frame.scope.variable(alias)}=imported(${module},${JSON.stringify(name)},${statement.at});`,
        );
        const aliases = statement.names.map(({ alias }) => alias);
        const keep = frame.top ? this.#keep(aliases, frame, false) : '';
        return `const ${module}=${this.#module(statement, frame)};${taken.join('')}${keep}`;
      }
    }
  }

  #output(parts: readonly (string | Expression)[], frame: Frame): string {
    const written = parts.map((part) =>
      typeof part === 'string' ? JSON.stringify(part) : this.printed(part, frame.scope),
    );
    if (written.length === 0) return '';
    // The first may be an expression: `+` has to join texts from the left.
    return this.#unlessExtended(`${frame.out}+=${written.join('+')};`, frame);
  }

  #unlessExtended(code: string, frame: Frame): string {
    if (!frame.extended || this.extendsSoFar === 'none') return code;
    return this.extendsSoFar === 'always' ? '' : `if(!parent){${code}}`;
  }

  #if({ test, body, elifs, otherwise }: If, frame: Frame): string {
    const soft: Frame = { ...frame, always: false };
    let code = `if(${this.condition(test, frame.scope)}){\n${this.statements(body, soft)}}`;
    for (const branch of elifs) {
      code += `else if(${this.condition(branch.test, frame.scope)}){\n${this.statements(branch.body, soft)}}`;
    }
    return otherwise.length === 0 ? code : `${code}else{\n${this.statements(otherwise, soft)}}`;
  }

  #for(loop: For, frame: Frame): string {
    const assigned = assignmentOf('loop', [loop]);
    if (assigned !== undefined) throw syntaxError("loop can't be assigned to inside of a loop", this.label, assigned);
    if (!loop.recursive) {
      const iterable = this.value(loop.iterable, frame.scope);
      return `{${this.#loop(loop, frame, iterable, 'undefined,0')}}`;
    }
    const name = this.fresh('f');
    const body = this.func('items,depth', (out) => this.#loop(loop, { ...frame, out }, 'items', `${name},depth`));
    return `const ${name}=${body};${frame.out}+=${name}(${this.value(loop.iterable, frame.scope)},0,p=${loop.at});`;
  }

  #loop(loop: For, frame: Frame, iterable: string, recursion: string): string {
    const { target, test, body, otherwise, at } = loop;
    const extended =
      loop.recursive || namesAskedFor(body, ['loop']).size > 0 || blocksIn([loop]).some(({ scoped }) => scoped);
    const scope = new Scope(frame.scope);
    const loopVariable = extended ? scope.parameter('loop') : '';
    scope.target(target, true).statements(body);
    const inner = innerFrame(frame, scope);
    const current = this.fresh('i');
    const assign = `let ${parameterVariables(target, scope).join(',')};${this.#unpack(target, current, scope, at)}`;
    const content = `${this.declarations(scope)}${assign}\n${this.statements(body, inner)}`;
    const filter = test ? this.#loopTest(loop, test, frame) : undefined;
    const none = this.fresh('n');
    const [before, mark] = otherwise.length === 0 ? ['', ''] : [`let ${none}=true;`, `${none}=false;`];
    let code: string;
    if (extended) {
      const object = this.fresh('q');
      const source = filter ? `where(${iterable},${current}=>{${filter(current)}return true},p=${at})` : iterable;
      code = `${before}const ${object}=new Loop(${source},missing,${recursion},p=${at});`;
      code += `while(${object}.next()){const ${current}=${object}.item,${loopVariable}=${object};${content}${mark}}`;
    } else {
      const skip = filter ? `if(!(()=>{${filter(current)}return true})())continue;` : '';
      code = `${before}for(const ${current} of iterate(${iterable},p=${at})){${skip}${content}${mark}}`;
    }
    if (otherwise.length === 0) return code;
    const elseFrame = innerFrame(frame, new Scope(frame.scope).statements(otherwise));
    return `${code}if(${none}){${this.declarations(elseFrame.scope)}\n${this.statements(otherwise, elseFrame)}}`;
  }

  /** JavaScript that returns false for an item that `for ... if` leaves out. */
  #loopTest({ target, at }: For, test: Expression, frame: Frame): (item: string) => string {
    const scope = new Scope(frame.scope).target(target, true).expression(test);
    const condition = this.condition(test, scope);
    const names = parameterVariables(target, scope).join(',');
    return (item) =>
      `${this.declarations(scope)}let ${names};${this.#unpack(target, item, scope, at)}if(!${condition})return false;`;
  }

  /** Assigns to variables only. */
  #unpack(target: Target, value: string, scope: Scope, at: Place): string {
    if (target.kind === 'name') return `${scope.variable(target.name)}=${value};`;
    if (target.kind === 'namespace') {
      return `setNamespace(${scope.variable(target.name)},${JSON.stringify(target.attribute)},${value},p=${at});`;
    }
    const items = this.fresh('u');
    const parts = target.items.map((item, index) => this.#unpack(item, `${items}[${index}]`, scope, at));
    return `const ${items}=unpack(${value},${target.items.length},p=${at});${parts.join('')}`;
  }

  #assign(target: Target, value: string, frame: Frame, at: Place): string {
    const keep = frame.top ? this.#keep(namesOf(target), frame, true) : '';
    return `${this.#unpack(target, value, frame.scope, at)}${keep}`;
  }

  /** Makes names of the top known to others. Imported names are not exported again. */
  #keep(names: readonly string[], { scope }: Frame, exported: boolean): string {
    const kept = names.map((name) => {
      const text = JSON.stringify(name);
      const seen = exported && !name.startsWith('_') ? `c.exported.add(${text});` : `c.exported.delete(${text});`;
      return `c.vars.set(${text},${scope.variable(name)});${seen}`;
    });
    return kept.join('');
  }

  #setBlock({ target, filter, body, at }: Extract<Statement, { kind: 'set-block' }>, frame: Frame): string {
    const scope = new Scope(frame.scope).statements(body);
    if (filter) scope.filter(filter);
    const out = this.fresh('o');
    const inner: Frame = { ...innerFrame(frame, scope), out, extended: false };
    const code = `let ${out}="";${this.declarations(scope)}\n${this.statements(body, inner)}`;
    const value = filter ? this.#filtered(filter, out, scope) : out;
    return `{${code}${this.#assign(target, value, frame, at)}}`;
  }

  #filterBlock({ filter, body }: Extract<Statement, { kind: 'filter-block' }>, frame: Frame): string {
    const scope = new Scope(frame.scope).statements(body).filter(filter);
    const out = this.fresh('o');
    const code = `let ${out}="";${this.declarations(scope)}\n${this.statements(body, { ...innerFrame(frame, scope), out })}`;
    return `{${code}${frame.out}+=str(${this.#filtered(filter, out, scope)},p=${filter.at});}`;
  }

  /** A chain of filters whose innermost has no target but JavaScript. */
  #filtered(filter: Extract<Expression, { kind: 'filter' }>, input: string, scope: Scope): string {
    const { target } = filter;
    const inner = target?.kind === 'filter' ? this.#filtered(target, input, scope) : input;
    return this.filter(filter, inner, scope).code;
  }

  #with({ targets, values, body, at }: Extract<Statement, { kind: 'with' }>, frame: Frame): string {
    const scope = new Scope(frame.scope);
    for (const target of targets) scope.target(target, true);
    scope.statements(body);
    const names = targets.flatMap((target) => parameterVariables(target, scope));
    const assigned = targets.map((target, index) => {
      const value = values[index];
      return value ? this.#unpack(target, this.value(value, frame.scope), scope, at) : '';
    });
    const declared = names.length === 0 ? '' : `let ${names.join(',')};`;
    return `{${declared}${this.declarations(scope)}${assigned.join('')}\n${this.statements(body, innerFrame(frame, scope))}}`;
  }

  #macroStatement(macro: Macro, frame: Frame): string {
    const keep = frame.top ? this.#keep([macro.name], frame, true) : '';
    return `${frame.scope.variable(macro.name)}=${this.#macro(macro, macro.name, frame)};${keep}`;
  }

  #callBlock(block: CallBlock, frame: Frame): string {
    const caller = this.fresh('q');
    const code = `const ${caller}=${this.#macro(block, null, frame)};`;
    return `{${code}${frame.out}+=str(${this.call(block.call, frame.scope, caller)},p=${block.at});}`;
  }

  #macro({ parameters, defaults, body, at }: Macro | CallBlock, name: string | null, frame: Frame): string {
    const asked = namesAskedFor(body, ['caller', 'kwargs', 'varargs']);
    const scope = new Scope(frame.scope);
    const variables = parameters.map((parameter) => scope.parameter(parameter.name));
    const own = new Set(parameters.map((parameter) => parameter.name));
    const callerAt = parameters.findIndex((parameter) => parameter.name === 'caller');
    const withDefault = parameters.length - defaults.length;
    if (asked.has('caller') && callerAt >= 0 && callerAt < withDefault) {
      throw syntaxError('the parameter "caller" needs a default', this.label, at);
    }
    const extras = {
      caller: asked.has('caller'),
      keywords: asked.has('kwargs') && !own.has('kwargs'),
      varargs: asked.has('varargs') && !own.has('varargs'),
    };
    const all = [...variables];
    if (extras.caller && callerAt < 0) all.push(scope.parameter('caller'));
    if (extras.keywords) all.push(scope.parameter('kwargs'));
    if (extras.varargs) all.push(scope.parameter('varargs'));
    for (const value of defaults) scope.expression(value);
    scope.statements(body);
    const run = this.func(all.join(','), (out) => {
      const unset = parameters.map((parameter, index) => {
        const variable = variables[index] ?? '';
        const value = defaults[index - withDefault];
        for (const later of variables.slice(index)) this.unset.add(later);
        const code = value
          ? this.value(value, scope)
          : `missing(${JSON.stringify(`the parameter ${parameter.name} is not given`)})`;
        for (const later of variables) this.unset.delete(later);
        return `if(${variable}===undefined)${variable}=${code};`;
      });
      const inner: Frame = { scope, out, top: false, always: false, extended: false };
      return `${this.declarations(scope)}${unset.join('')}\n${this.statements(body, inner)}`;
    });
    const names = parameters.map((parameter) => parameter.name);
    return `new Macro(${JSON.stringify(name)},${JSON.stringify(names)},${JSON.stringify(extras)},missing,${run})`;
  }

  #block({ name, scoped, required, at }: Block, frame: Frame): string {
    const text = JSON.stringify(name);
    const check = required ? `requireBlock(${text},c,p=${at});` : '';
    const context = scoped ? `c.derived(${this.#locals(frame)})` : 'c';
    return this.#unlessExtended(`${check}${frame.out}+=c.block(${text},${context});`, {
      ...frame,
      extended: frame.top,
    });
  }

  /** Names and values of the scopes here, for templates that see them. */
  #locals({ scope }: Frame): string {
    const entries = Array.from(scope.stored(), ([name, variable]) => `[${JSON.stringify(name)},${variable}]`);
    return `locals([${entries.join(',')}])`;
  }

  #extends(template: Expression, frame: Frame, at: Place): string {
    if (!frame.top) throw syntaxError('extends can not stand inside of a loop, a block or a macro', this.label, at);
    const again = this.extendsSoFar === 'none' ? '' : `if(parent)failAt(null,"there is an extends already",p=${at});`;
    this.extendsSoFar = frame.always ? 'always' : this.extendsSoFar === 'always' ? 'always' : 'perhaps';
    return `${again}parent=load(${this.value(template, frame.scope)},c,p=${at});c.extend(parent);`;
  }

  #include({ template, ignoreMissing, withContext, at }: Include, frame: Frame): string {
    const locals = withContext ? this.#locals(frame) : 'undefined';
    return `${frame.out}+=include(${this.value(template, frame.scope)},${ignoreMissing},c,${locals},p=${at});`;
  }

  #module(node: Extract<Statement, { kind: 'import' | 'from-import' }>, frame: Frame): string {
    const locals = node.withContext ? this.#locals(frame) : 'undefined';
    return `importModule(${this.value(node.template, frame.scope)},c,${locals},p=${node.at})`;
  }
}
