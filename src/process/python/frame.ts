/** One line of a program's traceback: where a call was made. For a scenario, its file and the step's line. */
export interface Frame {
  readonly file: string;
  /** From 1; 0 when unknown. */
  readonly line: number;
  /** Function: `<scenario>` for a step. */
  readonly name: string;
}
