/** What a file's contents say that cannot be so: two beginnings, a fill of no size, more than anybody waits for. */
import type { Scenario } from '../scenario.ts';
import type { FileSpec } from '../schema/file-steps.ts';
import { type MachineSpec, MEMORY_DEFAULT } from '../schema/machine.ts';
import type { ConstantProblem } from './check-constants.ts';

/** Bytes that `fill` may write: each is really written, through the page cache. */
const FILL_MAX = 256 * 1024 * 1024;

/** What files of tmpfs are written with must be somewhere from the start; a disk has room. */
export function roomProblem(files: Scenario['files'], spec: MachineSpec): ConstantProblem | null {
  const room = (spec.memory ?? MEMORY_DEFAULT) + (spec.swap ?? 0);
  let bytes = 0;
  for (const { name, spec: file } of files) {
    if (file.kind !== 'tmpfs' || file.fill === undefined) continue;
    bytes += file.size ?? 0;
    if (bytes <= room) continue;
    const message = `the file \`${name}\` cannot be made: memory and swap have ${room} bytes`;
    return { code: 'MEM-SCN-038', message, hint: 'give the machine more memory, or the file less', path: [name] };
  }
  return null;
}

/** Paths are inside of the mapping that the contents stand in. */
export function fileProblems(spec: Partial<FileSpec>): ConstantProblem[] {
  const problems: ConstantProblem[] = [];
  if (spec.text !== undefined && spec.hex !== undefined) {
    const message = '`text` and `hex` exclude each other';
    problems.push({ code: 'MEM-SCN-021', message, hint: 'keep one of the two', path: ['hex'] });
  }
  if (spec.fill !== undefined && spec.size === undefined) {
    const hint = 'say how much is filled: `size: 64KiB`';
    problems.push({ code: 'MEM-SCN-008', message: '`fill` needs `size`', hint, path: ['fill'] });
  }
  if (spec.fill !== undefined && (spec.size ?? 0) > FILL_MAX) {
    const message = `\`size\`: ${spec.size} bytes are too many to fill`;
    const hint = 'at most 256MiB with `fill`; without it the file is a hole, which costs nothing';
    problems.push({ code: 'MEM-SCN-011', message, hint, path: ['size'] });
  }
  if (spec.cached === false && spec.kind === 'tmpfs') {
    const message = 'a file on tmpfs is nowhere but in memory: it cannot be uncached';
    problems.push({ code: 'MEM-SCN-021', message, hint: '`cached: false` is for `kind: disk`', path: ['cached'] });
  }
  return problems;
}
