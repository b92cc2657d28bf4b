/**
 * `--allocators FILE`: allocators written in JavaScript (or compiled TypeScript) that the steps of a scenario may name.
 *
 *     export default [{ name: 'tracing', about: '…', words: 0, malloc(call, size) { return call.lower.malloc(size); }, … }];
 *
 * A module like any other: it is imported, which runs it.
 */
import type { Options } from 'yargs';
import { InputError } from '../mmu/input-error.ts';
import { checkHost, HOST_SHAPE } from '../process/python/check-host.ts';
import type { AnyHostAllocator } from '../process/python/host-functions.ts';
import type { CliIo } from './io.ts';

export const ALLOCATORS_OPTION = {
  allocators: {
    type: 'string',
    describe: 'A JavaScript module whose default export lists allocators that steps may name',
  },
} as const satisfies Record<string, Options>;

/** @throws InputError MEM-CLI-001 for no such file, MEM-CLI-014 for a module that is no list of allocators */
export async function loadAllocators(io: CliIo, path: string | undefined): Promise<readonly AnyHostAllocator[]> {
  if (path === undefined) return [];
  if (io.kindOf(path) !== 'file') {
    const message = `cannot find ${path}`;
    throw new InputError({
      code: 'MEM-CLI-001',
      message,
      hint: 'paths are relative to the present folder',
      file: path,
    });
  }
  let exported: unknown;
  try {
    exported = (await io.importModule(path)).default;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const hint = 'it must be JavaScript that this Node can import; TypeScript is compiled first';
    throw new InputError({ code: 'MEM-CLI-014', message: `${path} cannot be imported: ${why}`, hint, file: path });
  }
  const list = Array.isArray(exported) ? exported : [exported];
  return list.map((item, index) => checked(item, index, path));
}

function checked(item: unknown, index: number, path: string): AnyHostAllocator {
  const { host, problem } = checkHost(item);
  if (host !== null) return host;
  const message = `${path}: item ${index + 1} of its default export ${problem}`;
  throw new InputError({ code: 'MEM-CLI-014', message, hint: HOST_SHAPE, file: path });
}
