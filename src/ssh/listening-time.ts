/** In how many steps a time is waited for. */
const STEPS = 20;

/**
 * Calls once this process could have listened for so long. Time in which it was busy itself counts for a step at most: nobody
 * else is late then. Gives what ends the waiting.
 */
export function afterListening(milliseconds: number, call: () => void): () => void {
  let left = STEPS;
  const wait = () => setTimeout(step, milliseconds / STEPS);
  let timer = wait();
  function step(): void {
    left -= 1;
    if (left > 0) timer = wait();
    else call();
  }
  return () => clearTimeout(timer);
}
