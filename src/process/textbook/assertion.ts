/** A failed assert(3) in the allocator's own code, which is how OSTEP's free() finds a pointer that is none of its blocks. */
import type { ProgramMemory } from '../program-memory.ts';

/** Print glibc's text for a failed assertion, without the file and line that only a compiled program has; then abort(). */
export function failAssertion(memory: ProgramMemory, where: string, expression: string): never {
  memory.error(`${where}: Assertion \`${expression}' failed.\n`);
  return memory.abort(`the allocator's check \`${expression}\` failed in ${where}`);
}

/**
 * A list that runs in a circle, as after a double free that no check caught. The real program would walk it for ever; ours
 * ends here, which is the one place where a broken list does not do what the machine would.
 */
export function stopInCircle(memory: ProgramMemory): never {
  return memory.abort('the free list runs in a circle: the program would search it for ever');
}
