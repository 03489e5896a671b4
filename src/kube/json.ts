export { isObject, listAt, numberAt, objectAt, textAt, textsAt, valueAt } from '../model/json-path.js';
