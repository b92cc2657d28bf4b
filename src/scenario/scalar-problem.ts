/**
 * What is wrong with one scalar of a scenario file, before its place in the file is known.
 *
 * Thrown by the parsers of sizes, expressions, bytes and names; the loader adds file, line and column and turns it
 * into an `InputError`. `offset` and `length` point into the text of the scalar (an expression's column).
 */
export interface ScalarProblemDetails {
  readonly code: string;
  readonly message: string;
  readonly hint?: string | undefined;
  readonly offset?: number | undefined;
  readonly length?: number | undefined;
  /** The mistake is the key, not the value that stands there. */
  readonly atKey?: boolean | undefined;
}

export class ScalarProblem extends Error {
  override readonly name = 'ScalarProblem';
  readonly details: ScalarProblemDetails;

  constructor(details: ScalarProblemDetails) {
    super(details.message);
    this.details = details;
  }
}
