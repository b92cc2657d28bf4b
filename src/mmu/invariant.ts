/** Thrown when mmulator itself is wrong: never for a guest's mistake, never for bad input. Exit code 70. */
export class InvariantError extends Error {
  override readonly name = 'InvariantError';
}

/** Assert a rule of our own. The message is a constant, so that a hot path pays nothing to make it. */
export function invariant(condition: boolean, rule: string): asserts condition {
  if (!condition) throw new InvariantError(rule);
}
