/** A terminal that shows text and obeys the few escape sequences that every one of them knows. */
export interface Screen {
  write(text: string): void;
  /** Columns and rows right now. */
  size(): ScreenSize;
  /** Whether lines that become too long for a narrower window are broken into several rows; else they are cut. */
  readonly reflows: boolean;
  /** Calls back when something happens that the screen has to follow, until the returned function is called. */
  on(listener: (happened: ScreenEvent) => void): () => void;
  /**
   * Calls back with each line that anybody else in this process would write here (a task that uses the console, a warning of
   * Node), instead of writing it, until the returned function is called.
   */
  capture(listener: (line: string) => void): () => void;
}

/** Columns and rows. */
export interface ScreenSize {
  readonly columns: number;
  readonly rows: number;
}

/**
 * - `resize`: it has another size.
 * - `suspend`: the user takes the terminal away (Ctrl-Z); whoever drew on it has this call to leave it in order.
 * - `resume`: it is ours again.
 * - `exit`: the process ends, whatever the reason.
 */
export type ScreenEvent = 'resize' | 'suspend' | 'resume' | 'exit';
