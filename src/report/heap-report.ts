/**
 * What memcheck and the leak check found, in the manner of Valgrind's messages, with steps for stack traces:
 *
 *     Invalid write of size 4
 *        at step 7 (overflow.yaml:12)
 *      Address 0x55a0 is 0 bytes after a block of size 10 alloc'd
 *        by malloc at step 5 (overflow.yaml:9)
 */

import type { LeakReport, LossKind } from '../process/check/leaks.ts';
import type { LiveBlock, Place } from '../process/check/ledger.ts';
import type { AddressStory, HeapError } from '../process/check/memcheck.ts';
import type { StepResult } from '../scenario/result.ts';
import type { Names } from './names.ts';
import { hex, thousands } from './quantities.ts';

export function heapErrorLines(error: HeapError, names: Names): string[] {
  const where = error.by === null ? ownPlaceLines(error.at) : [`   by ${error.by}${atPlace(error.at)}`];
  return [headline(error), ...where, ...storyLines(error, names)];
}

function headline({ kind, size, by }: HeapError): string {
  if (by !== null && (kind === 'invalid-read' || kind === 'invalid-write')) {
    return `Syscall param ${by}(buf) points to unaddressable byte(s)`;
  }
  switch (kind) {
    case 'invalid-read':
      return `Invalid read of size ${size}`;
    case 'invalid-write':
      return `Invalid write of size ${size}`;
    case 'invalid-free':
      return 'Invalid free() / realloc()';
    case 'mismatched-free':
      return 'Mismatched free() / realloc()';
    default:
      return kind satisfies never;
  }
}

function storyLines({ address, story }: HeapError, names: Names): string[] {
  const at = ` Address ${names.address(address)}`;
  if (story === null) return [`${at} is not in, nor near, a block that was malloc'd or recently free'd`];
  const { relation, distance, block, freed } = story;
  const ended = freed ? "free'd" : "alloc'd";
  const first = `${at} is ${thousands(distance)} bytes ${relation} a block of size ${thousands(block.size)} ${ended}`;
  const given = `   by ${block.by}${atPlace(block.at)}`;
  if (!isFreed(story)) return [first, given];
  return [first, `   by ${story.block.freedBy}${atPlace(story.block.freedAt)}`, " Block was alloc'd", given];
}

const isFreed = (story: AddressStory): story is AddressStory & { block: { freedBy: string; freedAt: Place } } =>
  story.freed && 'freedBy' in story.block;

/** ` at step 7 (overflow.yaml:12)`; nothing when neither clock nor frame was ever given, as from a library's user. */
function atPlace({ step, frame }: Place): string {
  if (frame !== null) return ` at step ${step} (${frame.file}:${frame.line})`;
  return step === 0 ? '' : ` at step ${step}`;
}

/** Of an access of the program's own. */
function ownPlaceLines(place: Place): string[] {
  const text = atPlace(place);
  return text === '' ? [] : [`  ${text}`];
}

const LOSSES: readonly (readonly [LossKind, string, string])[] = [
  ['definitely', 'definitely lost', '   definitely lost'],
  ['indirectly', 'indirectly lost', '   indirectly lost'],
  ['possibly', 'possibly lost', '     possibly lost'],
  ['reachable', 'still reachable', '   still reachable'],
];
const RECORDS_MAX = 20;

export function leakLines(report: LeakReport): string[] {
  const { inUse, allocations, frees, bytesAllocated, totals, records } = report;
  const amount = (bytes: number, blocks: number) => `${thousands(bytes)} bytes in ${thousands(blocks)} blocks`;
  const heap = [
    'HEAP SUMMARY:',
    `    in use at exit: ${amount(inUse.bytes, inUse.blocks)}`,
    `  total heap usage: ${thousands(allocations)} allocs, ${thousands(frees)} frees, ${thousands(bytesAllocated)} bytes allocated`,
  ];
  if (inUse.blocks === 0) return [...heap, 'All heap blocks were freed -- no leaks are possible'];
  // The largest come last, as Valgrind lists them: of many, these are shown.
  const shown = records.slice(-RECORDS_MAX);
  const lost = shown.flatMap(({ kind, blocks, bytes }, index) => {
    const name = LOSSES.find(([known]) => known === kind)?.[1];
    const number = records.length - shown.length + index + 1;
    return [
      `${amount(bytes, blocks.length)} are ${name} in loss record ${number} of ${records.length}`,
      `   by ${allocator(blocks)}${atPlace(blocks[0]!.at)}`,
    ];
  });
  const sums = LOSSES.map(([kind, , label]) => `${label}: ${amount(totals[kind].bytes, totals[kind].blocks)}`);
  return [...heap, ...lost, 'LEAK SUMMARY:', ...sums];
}

const allocator = (blocks: readonly LiveBlock[]): string => blocks[0]?.by ?? 'malloc';

/** What a step printed or answered in lines. */
export function printedBy({ printed, outcome }: Pick<StepResult, 'printed' | 'outcome'>): string[] {
  const answered = outcome.kind === 'answer' && outcome.text.includes('\n') ? outcome.text : '';
  return [printed ?? '', answered].flatMap((text) => (text === '' ? [] : printedLines(text)));
}

/** What the tools beside the program found during a step. */
export function foundBy(step: Pick<StepResult, 'remarks' | 'heapErrors' | 'leaks'>, names: Names): string[] {
  return [
    ...(step.remarks ?? []),
    ...(step.heapErrors ?? []).flatMap((error) => heapErrorLines(error, names)),
    ...(step.leaks === undefined ? [] : leakLines(step.leaks)),
  ];
}

/** What a call printed, a line each, what no terminal should get shown as escapes. */
function printedLines(printed: string): string[] {
  const lines = printed.replace(/\n$/, '').split('\n');
  return lines.map((line) =>
    line.replaceAll(/[^\x20-\x7e]/g, (code) => `\\x${hex(code.charCodeAt(0)).slice(2).padStart(2, '0')}`),
  );
}
