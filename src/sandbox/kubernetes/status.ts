import type { Json, JsonObject } from '../../model/json.js';
import { type ApiKind, qualifiedName } from './kinds.js';

/** One reason of a refusal. */
export interface Cause {
  readonly reason: string;
  readonly message: string;
  readonly field: string;
}

/** A refusal, with the `Status` that the API server answers. */
export class ApiError extends Error {
  readonly status: number;
  readonly reason: string;
  readonly details: JsonObject;

  constructor(status: number, reason: string, message: string, details: JsonObject = {}) {
    super(message);
    this.status = status;
    this.reason = reason;
    this.details = details;
  }

  body(): JsonObject {
    const { status: code, reason, message, details } = this;
    return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason, details, code };
  }
}

/** The `Status` of a deletion. */
export function success(kind: ApiKind, name: string, uid: Json): JsonObject {
  const details = { name, group: kind.group, kind: kind.plural, uid };
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details };
}

export function notFound(kind: Pick<ApiKind, 'group' | 'plural'>, name: string): ApiError {
  const details = { name, group: kind.group, kind: kind.plural };
  return new ApiError(404, 'NotFound', `${qualifiedName(kind)} "${name}" not found`, details);
}

export function noSuchResource(): ApiError {
  return new ApiError(404, 'NotFound', 'the server could not find the requested resource');
}

/** 422: what a validation found. */
export function invalid(kind: ApiKind, name: string, causes: readonly Omit<Cause, 'reason'>[]): ApiError {
  const list = causes.map(({ field, message }) => `${field}: ${message}`);
  const text = list.length === 1 ? list[0] : `[${list.join(', ')}]`;
  const group = kind.group === '' ? kind.kind : `${kind.kind}.${kind.group}`;
  return new ApiError(422, 'Invalid', `${group} "${name}" is invalid: ${text}`, {
    name,
    group: kind.group,
    kind: kind.kind,
    causes: causes.map((cause) => ({ reason: 'FieldValueInvalid', ...cause })),
  });
}

export function badRequest(message: string): ApiError {
  return new ApiError(400, 'BadRequest', message);
}
