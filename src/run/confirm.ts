import { type Graph, targetOf } from '../graph/graph.js';
import { PaiError } from '../model/errors.js';

/** What a target asks before it runs or is cleaned. */
export interface Question {
  readonly target: string;
  readonly question: string;
}

/** What these targets ask, in their order. */
export function questionsOf(graph: Graph, names: Iterable<string>): Question[] {
  const questions: Question[] = [];
  for (const name of names) {
    const { confirm } = targetOf(graph, name);
    if (confirm !== undefined) questions.push({ target: name, question: confirm });
  }
  return questions;
}

/** Thrown when questions have no answer, or the answer was no. */
export function notConfirmed(questions: readonly Question[], message: string, next: string): PaiError {
  return new PaiError('NOT_CONFIRMED', message, {
    details: questions.map(({ target, question }) => `${target}: ${question}`),
    next,
  });
}
