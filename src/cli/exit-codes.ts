/** What mmulator's exit status means. */
export const EXIT = {
  held: 0,
  failed: 1,
  badInput: 2,
  ourBug: 70,
  stepLimit: 124,
  interrupted: 130,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** When several files end differently, the first of these that happened is what the run as a whole says. */
const BY_WEIGHT: readonly ExitCode[] = [
  EXIT.ourBug,
  EXIT.interrupted,
  EXIT.badInput,
  EXIT.failed,
  EXIT.stepLimit,
  EXIT.held,
];

export function worst(codes: readonly ExitCode[]): ExitCode {
  return BY_WEIGHT.find((code) => codes.includes(code)) ?? EXIT.held;
}
