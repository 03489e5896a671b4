import type { Place } from './place.js';

/** Operators between two values. */
export type BinaryOperator = '+' | '-' | '*' | '/' | '//' | '%' | '**';
/** Comparisons. */
export type Comparison = '==' | '!=' | '<' | '<=' | '>' | '>=' | 'in' | 'not in';

/** What a call, a filter or a test is given. */
export interface Arguments {
  readonly positional: readonly Expression[];
  readonly keywords: readonly { readonly name: string; readonly value: Expression }[];
  /** `*list`. */
  readonly rest?: Expression;
  /** `**dict`. */
  readonly restKeywords?: Expression;
}

/** A constant as the runtime has it: see runtime/values.ts. */
export interface Constant {
  readonly kind: 'constant';
  readonly type: 'string' | 'integer' | 'float' | 'boolean' | 'none';
  readonly value: string;
  readonly at: Place;
}

export interface Name {
  readonly kind: 'name';
  readonly name: string;
  readonly at: Place;
}

export interface Call {
  readonly kind: 'call';
  readonly target: Expression;
  readonly args: Arguments;
  readonly at: Place;
}

/** `target | name(args)`; without a target it is the body of a block that is filtered. */
export interface Filter {
  readonly kind: 'filter';
  readonly target: Expression | undefined;
  readonly name: string;
  readonly args: Arguments;
  readonly at: Place;
}

export interface Slice {
  readonly kind: 'slice';
  readonly start: Expression | undefined;
  readonly stop: Expression | undefined;
  readonly step: Expression | undefined;
  readonly at: Place;
}

export type Expression =
  | Constant
  | Name
  | Call
  | Filter
  | Slice
  | { readonly kind: 'tuple' | 'list'; readonly items: readonly Expression[]; readonly at: Place }
  | {
      readonly kind: 'dict';
      readonly items: readonly { readonly key: Expression; readonly value: Expression }[];
      readonly at: Place;
    }
  | { readonly kind: 'attribute'; readonly target: Expression; readonly name: string; readonly at: Place }
  | { readonly kind: 'item'; readonly target: Expression; readonly key: Expression; readonly at: Place }
  | {
      readonly kind: 'test';
      readonly target: Expression;
      readonly name: string;
      readonly args: Arguments;
      readonly at: Place;
    }
  | {
      readonly kind: 'binary';
      readonly operator: BinaryOperator;
      readonly left: Expression;
      readonly right: Expression;
      readonly at: Place;
    }
  | { readonly kind: 'and' | 'or'; readonly left: Expression; readonly right: Expression; readonly at: Place }
  | { readonly kind: 'not' | 'negative' | 'positive'; readonly operand: Expression; readonly at: Place }
  | {
      readonly kind: 'compare';
      readonly first: Expression;
      readonly others: readonly { readonly operator: Comparison; readonly operand: Expression }[];
      readonly at: Place;
    }
  | { readonly kind: 'concat'; readonly items: readonly Expression[]; readonly at: Place }
  | {
      readonly kind: 'conditional';
      readonly test: Expression;
      readonly then: Expression;
      readonly otherwise: Expression | undefined;
      readonly at: Place;
    };

/** What can be assigned to. */
export type Target =
  | Name
  | { readonly kind: 'namespace'; readonly name: string; readonly attribute: string; readonly at: Place }
  | { readonly kind: 'targets'; readonly items: readonly Target[]; readonly at: Place };

/** Parameters of a macro or a call block; the last ones have defaults. */
export interface Signature {
  readonly parameters: readonly Name[];
  readonly defaults: readonly Expression[];
}

export interface For {
  readonly kind: 'for';
  readonly target: Target;
  readonly iterable: Expression;
  readonly test: Expression | undefined;
  readonly recursive: boolean;
  readonly body: readonly Statement[];
  readonly otherwise: readonly Statement[];
  readonly at: Place;
}

export interface If {
  readonly kind: 'if';
  readonly test: Expression;
  readonly body: readonly Statement[];
  readonly elifs: readonly If[];
  readonly otherwise: readonly Statement[];
  readonly at: Place;
}

export interface Macro extends Signature {
  readonly kind: 'macro';
  readonly name: string;
  readonly body: readonly Statement[];
  readonly at: Place;
}

export interface CallBlock extends Signature {
  readonly kind: 'call-block';
  readonly call: Call;
  readonly body: readonly Statement[];
  readonly at: Place;
}

export interface Block {
  readonly kind: 'block';
  readonly name: string;
  readonly scoped: boolean;
  readonly required: boolean;
  readonly body: readonly Statement[];
  readonly at: Place;
}

export interface With {
  readonly kind: 'with';
  readonly targets: readonly Target[];
  readonly values: readonly Expression[];
  readonly body: readonly Statement[];
  readonly at: Place;
}

export interface SetBlock {
  readonly kind: 'set-block';
  readonly target: Target;
  readonly filter: Filter | undefined;
  readonly body: readonly Statement[];
  readonly at: Place;
}

export interface Include {
  readonly kind: 'include';
  readonly template: Expression;
  readonly ignoreMissing: boolean;
  readonly withContext: boolean;
  readonly at: Place;
}

export interface Import {
  readonly kind: 'import';
  readonly template: Expression;
  readonly target: string;
  readonly withContext: boolean;
  readonly at: Place;
}

export interface FromImport {
  readonly kind: 'from-import';
  readonly template: Expression;
  readonly names: readonly { readonly name: string; readonly alias: string }[];
  readonly withContext: boolean;
  readonly at: Place;
}

/** Text and expressions that are printed one after the other; a string is text of the template. */
export interface Output {
  readonly kind: 'output';
  readonly parts: readonly (string | Expression)[];
  readonly at: Place;
}

export type Statement =
  | Output
  | For
  | If
  | Macro
  | CallBlock
  | Block
  | With
  | SetBlock
  | Include
  | Import
  | FromImport
  | { readonly kind: 'set'; readonly target: Target; readonly value: Expression; readonly at: Place }
  | {
      readonly kind: 'filter-block';
      readonly filter: Filter;
      readonly body: readonly Statement[];
      readonly at: Place;
    }
  | { readonly kind: 'scope'; readonly body: readonly Statement[]; readonly at: Place }
  | { readonly kind: 'extends'; readonly template: Expression; readonly at: Place };
