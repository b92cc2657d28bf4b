/**
 * Pages that a Python cannot live on.
 *
 * Up to 3.9, pymalloc tells whether a pointer is its own by reading at the pool boundary below it, whoever's memory that is
 * [Objects/obmalloc.c:address_in_range]. Where a page is as large as a pool, or larger, the byte read is on the page that holds
 * the pointer. On smaller pages it need not be mapped:
 *
 *     pool boundary          page of the pointer
 *     |  read here: hole  |  ....p
 */
import { chooseAllocators, type PythonOptions } from './configuration.ts';

export interface PageRefusal {
  readonly message: string;
  readonly hint: string;
}

/** Why a Python of these settings would die on pages of so many bytes; null: it would not. */
export function pageRefusal(options: PythonOptions, pageBytes: number): PageRefusal | null {
  const { name, poolBytes, radix } = options.profile;
  if (radix !== null || pageBytes >= poolBytes) return null;
  const answer = chooseAllocators(options);
  if (!answer.ok || (answer.allocators.mem !== 'pymalloc' && answer.allocators.obj !== 'pymalloc')) return null;
  return {
    message: `Python ${name} does not work on pages of ${pageBytes} bytes: to free a block it reads the start of the ${poolBytes} bytes around it, which may be a page that is not mapped`,
    hint: `take a machine with pages of ${poolBytes} bytes, or Python 3.10 or later; 3.6 to 3.9 work without pymalloc, by PYTHONMALLOC=malloc`,
  };
}
