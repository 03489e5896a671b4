import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { StringDecoder } from 'node:string_decoder';

/** Asks for an answer that may take long to end. Rejects when there is no connection; `signal` ends it. */
export function openAnswer(
  url: string,
  tls: { readonly ca: string; readonly cert: string; readonly key: string },
  signal: AbortSignal,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const asked = request(
      url,
      { ...tls, agent: false, signal, headers: { 'User-Agent': 'pai', Accept: '*/*' } },
      resolve,
    );
    asked.once('error', reject);
    asked.end();
  });
}

/** The lines of an answer as they come, without their ends. */
export async function* linesOf(answer: IncomingMessage): AsyncGenerator<string> {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  for await (const chunk of answer) {
    const lines = (rest + decoder.write(chunk as Buffer)).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
  rest += decoder.end();
  if (rest !== '') yield rest;
}
