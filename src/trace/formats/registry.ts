import { InputError } from '../../mmu/input-error.ts';
import { suggest } from '../../mmu/nearest.ts';
import { isZstd } from '../zstd/mark.ts';
import { csv, csvPages } from './csv.ts';
import { din } from './din.ts';
import type { TraceFormat } from './format.ts';
import { lackey } from './lackey.ts';
import { memtrace } from './memtrace.ts';
import { noReferences, quotedBytes } from './mistakes.ts';
import { oracleGeneral } from './oracle-general.ts';
import { hexPages, pages } from './pages.ts';
import { perf } from './perf.ts';
import { pgt } from './pgt.ts';
import { headLines, isSilent } from './recognition.ts';

/** Every trace format, in the order in which a trace is held against them: the less a format looks like others, the sooner. */
export const TRACE_FORMATS: readonly TraceFormat[] = [
  pgt,
  lackey,
  memtrace,
  perf,
  csv,
  csvPages,
  din,
  pages,
  hexPages,
  oracleGeneral,
];

const NAMES = TRACE_FORMATS.map(({ name }) => name);

/** So much of a trace shows what it is. */
export const HEAD_BYTES = 1 << 16;

/** @throws InputError MEM-TRC-030 */
export function formatNamed(name: string): TraceFormat {
  const format = TRACE_FORMATS.find((candidate) => candidate.name === name);
  if (format !== undefined) return format;
  throw new InputError({
    code: 'MEM-TRC-030',
    message: `no trace format is called \`${name}\``,
    hint: suggest(name, NAMES, 'formats'),
  });
}

/**
 * What format a trace is in, by how it begins.
 * @param head the first bytes, best HEAD_BYTES of them @param whole there is no more than these
 * @throws InputError MEM-TRC-001 for nothing at all, 002 for packed data, 030 when no format fits
 */
export function recognizeFormat(head: Uint8Array, whole: boolean): TraceFormat {
  if (head.length === 0) throw noReferences(0, `a trace is one of ${NAMES.join(', ')}`);
  refusePacked(head);
  const format = TRACE_FORMATS.find((candidate) => candidate.recognizes(head, whole));
  if (format !== undefined) return format;
  if (whole && isSilent(headLines(head, whole))) throw noReferences(1, `a trace is one of ${NAMES.join(', ')}`);
  let end = head.findIndex((byte) => byte === 10 || byte === 13);
  if (end < 0) end = head.length;
  throw new InputError({
    code: 'MEM-TRC-030',
    message: `the trace is in no format known here: it begins with ${quotedBytes(head, 0, end)}`,
    hint: `say which one it should be: --format ${NAMES.join('|')}`,
  });
}

function refusePacked(head: Uint8Array): void {
  const packer = head[0] === 0x1f && head[1] === 0x8b ? 'gzip' : isZstd(head) ? 'zstd' : null;
  if (packer === null) return;
  throw new InputError({
    code: 'MEM-TRC-002',
    message: `the trace is still compressed (${packer})`,
    hint: 'unpack it first; the commands do so by themselves, once',
  });
}
