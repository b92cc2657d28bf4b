/** What goes wrong while a trace is read or replayed, as it is told: with the file, which a parser does not know. */
import { InputError } from '../mmu/input-error.ts';

/** What V8 says of an array, a map or a set that there is no room for. */
const NO_ROOM =
  /allocation failed|Invalid typed array length|Invalid array buffer length|(Map|Set) maximum size exceeded/;

/**
 * @param name the file as messages call it
 * @returns the mistake with its file, MEM-TRC-041 for what does not fit into memory, and everything else as it is
 */
export function inFile(thrown: unknown, name: string): unknown {
  if (thrown instanceof RangeError && NO_ROOM.test(thrown.message)) {
    return new InputError({
      code: 'MEM-TRC-041',
      message: 'the trace does not fit into memory',
      hint: '`opt`, --explain, frames of their own and curves of policies but lru keep every reference; others only its pages',
      file: name,
    });
  }
  if (!(thrown instanceof InputError) || thrown.file !== undefined) return thrown;
  const { code, message, hint, range } = thrown;
  return new InputError({ code, message, hint, file: name, ...(range === undefined ? {} : { range }) });
}
