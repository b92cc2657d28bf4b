/**
 * Unwinds a program's code when a signal or abort() ended it: what `longjmp` out of the program would be. The signal itself
 * has been delivered by then and is data (`process.lastSignal`); this only keeps the code behind it from running on.
 * Thrown by ProgramMemory, caught by Program, seen by nobody else.
 */
export class ProgramStopped extends Error {
  override readonly name = 'ProgramStopped';

  constructor() {
    super('the program was stopped by a signal');
  }
}
