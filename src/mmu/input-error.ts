/**
 * The person's input is wrong: a scenario, a flag, a configuration. Collected where many can be found at once,
 * shown with position and hint, exit code 2. `code` is stable; tests match on it.
 */
export interface SourceRange {
  /** 1-based; the end is exclusive. */
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
}

export interface InputErrorDetails {
  /** `MEM-CFG-003`: stable, listed in the error catalogue. */
  readonly code: string;
  /** One line, lower case, no full stop: `memory must be a whole number of pages`. */
  readonly message: string;
  /** What to do about it. */
  readonly hint?: string | undefined;
  readonly range?: SourceRange | undefined;
  readonly file?: string | undefined;
}

export class InputError extends Error {
  override readonly name = 'InputError';
  readonly code: string;
  readonly hint: string | undefined;
  readonly range: SourceRange | undefined;
  readonly file: string | undefined;

  constructor(details: InputErrorDetails) {
    super(details.message);
    this.code = details.code;
    this.hint = details.hint;
    this.range = details.range;
    this.file = details.file;
  }
}

/** All the mistakes found in one input. */
export class InputErrors extends Error {
  override readonly name = 'InputErrors';
  readonly errors: readonly InputError[];

  constructor(errors: readonly InputError[]) {
    super(errors.map((error) => `${error.code}: ${error.message}`).join('\n'));
    this.errors = errors;
  }
}
