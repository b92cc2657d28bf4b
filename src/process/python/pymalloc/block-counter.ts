/**
 * The counter that pymalloc keeps of live blocks: signed, because a block of the raw domain that is freed through mem or
 * obj, against the rules, is counted down without having been counted up.
 */
import type { MemoryReader, ProgramMemory } from '../../program-memory.ts';

const HIGH = 4;
const WORD = 2 ** 32;
const LOW_MAX = WORD - 1;

export function countUp(memory: ProgramMemory, counter: number): void {
  const low = memory.load32(counter);
  memory.store32(counter, low + 1);
  if (low === LOW_MAX) memory.store32(counter + HIGH, memory.load32(counter + HIGH) + 1);
}

export function countDown(memory: ProgramMemory, counter: number): void {
  const low = memory.load32(counter);
  memory.store32(counter, low - 1);
  if (low === 0) memory.store32(counter + HIGH, memory.load32(counter + HIGH) - 1);
}

export function readCounter(reader: MemoryReader, counter: number): number {
  return (reader.load32(counter + HIGH) | 0) * WORD + reader.load32(counter);
}
