/** A scenario file, read and parsed; or what is wrong with it. */
import { InputError } from '../mmu/input-error.ts';
import { parseScenario } from '../scenario/load.ts';
import type { Scenario } from '../scenario/scenario.ts';
import type { CliIo } from './io.ts';
import { readInputText } from './read-input.ts';
import { STDIN } from './scenario-files.ts';

export interface LoadedFile {
  /** Null when there are errors. */
  readonly scenario: Scenario | null;
  readonly errors: readonly InputError[];
  /** For the lines with carets; null when it could not even be read. */
  readonly text: string | null;
}

/** How standard input is called in reports. */
const STDIN_NAME = 'standard input';

export async function loadFile(file: string, io: CliIo): Promise<LoadedFile> {
  let text: string;
  try {
    text = await readInputText(io, file);
  } catch (thrown) {
    if (!(thrown instanceof InputError)) throw thrown;
    return { scenario: null, errors: [thrown], text: null };
  }
  const parsed = parseScenario(text, file === STDIN ? STDIN_NAME : file);
  return { scenario: parsed.scenario, errors: parsed.errors, text };
}
