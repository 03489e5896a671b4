import type { Json, JsonObject } from '../../model/json.js';
import { listAt, textAt, textsAt, valueAt } from '../../model/json-path.js';
import { badRequest } from './status.js';

type Labels = Readonly<Record<string, string>>;
type Test = (labels: Labels) => boolean;

/** A label selector of a query: `a=b,c!=d,e in (x,y),f notin (z),g,!h`. */
export function labelTest(selector: string): Test {
  const terms = selector.match(/(?:[^,(]|\([^)]*\))+/g) ?? [];
  const tests = terms.map((term) => termTest(term.trim()));
  return (labels) => tests.every((test) => test(labels));
}

function termTest(term: string): Test {
  const [, key = '', operator = '', values = ''] = /^([^\s!=(),]+)\s+(in|notin)\s*\(([^)]*)\)$/.exec(term) ?? [];
  if (operator !== '') {
    const list = values.split(',').map((value) => value.trim());
    const isIn = (labels: Labels) => labels[key] !== undefined && list.includes(labels[key]);
    return operator === 'in' ? isIn : (labels) => !isIn(labels);
  }
  const [, name = '', sign, value = ''] = /^([^\s!=(),]+)\s*(?:(==?|!=)\s*([^\s!=(),]*))?$/.exec(term) ?? [];
  if (name !== '') {
    if (sign === undefined) return (labels) => labels[name] !== undefined;
    return sign === '!=' ? (labels) => labels[name] !== value : (labels) => labels[name] === value;
  }
  const [, absent] = /^!\s*([^\s!=(),]+)$/.exec(term) ?? [];
  if (absent === undefined) throw badRequest(`unable to parse requirement: ${term}`);
  return (labels) => labels[absent] === undefined;
}

/** A selector of an object: matchLabels and matchExpressions. */
export function matchesSelector(selector: Json | undefined, labels: Labels): boolean {
  return (
    Object.entries(textsAt(selector, 'matchLabels')).every(([key, value]) => labels[key] === value) &&
    listAt(selector, 'matchExpressions').every((expression) => matchesExpression(expression, labels))
  );
}

/** In, NotIn, Exists, DoesNotExist. */
export function matchesExpression(expression: Json, labels: Labels): boolean {
  const value = labels[textAt(expression, 'key') ?? ''];
  const values = listAt(expression, 'values').map(String);
  switch (textAt(expression, 'operator')) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'DoesNotExist':
      return value === undefined;
    default:
      return value !== undefined;
  }
}

/** A field selector: `metadata.name=x,type!=Normal`. */
export function fieldTest(selector: string): (object: JsonObject) => boolean {
  const terms = selector.split(',').map((term) => {
    const [, field = '', sign = '', value = ''] = /^([^=!]+)(==?|!=)(.*)$/.exec(term.trim()) ?? [];
    if (field === '') throw badRequest(`invalid field selector: ${term}`);
    return { path: field.split('.'), isEqual: sign !== '!=', value };
  });
  return (object) =>
    terms.every(({ path, isEqual, value }) => (String(valueAt(object, ...path) ?? '') === value) === isEqual);
}
