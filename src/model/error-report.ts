import type { PaiError } from './errors.js';
import type { ErrorReport } from './events.js';

/** What is told of an error: everything but its stack. */
export function errorReport(error: PaiError): ErrorReport {
  return {
    code: error.code,
    message: error.message,
    ...(error.where !== undefined && { where: error.where }),
    ...(error.next !== undefined && { next: error.next }),
    ...(error.details.length > 0 && { details: error.details }),
  };
}
