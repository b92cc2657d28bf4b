/** Every operation of the trace format that can be replayed, by its name. To add some: a file beside this one, a line here. */
import type { Op } from '../recording.ts';
import { ACCESS_OPS } from './access.ts';
import { ADDRESS_SPACE_OPS } from './address-space.ts';
import { FILE_OPS } from './files.ts';
import { LIMIT_OPS } from './limits.ts';
import { LOCK_OPS } from './locks.ts';
import { MAPPING_OPS } from './mapping.ts';
import type { Operation, Operations } from './operation.ts';
import { PROCESS_OPS } from './process.ts';
import { RECLAIM_OPS } from './reclaim.ts';
import { SHM_OPS } from './shm.ts';
import { SYSCTL_OPS } from './sysctl.ts';
import { WORLD_OPS } from './world.ts';

const OPERATIONS: Operations = {
  ...MAPPING_OPS,
  ...ADDRESS_SPACE_OPS,
  ...ACCESS_OPS,
  ...PROCESS_OPS,
  ...LIMIT_OPS,
  ...LOCK_OPS,
  ...FILE_OPS,
  ...SHM_OPS,
  ...SYSCTL_OPS,
  ...RECLAIM_OPS,
  ...WORLD_OPS,
};

export function operationOf(name: string): Operation | undefined {
  return Object.hasOwn(OPERATIONS, name) ? OPERATIONS[name] : undefined;
}

/** The name of an op that cannot be replayed, with what of it cannot: `mmap of a file`; null when it can be. */
export function whyUnsupported(op: Op): string | null {
  const operation = operationOf(op.op);
  if (operation === undefined) return op.op;
  const what = operation.unsupported?.(op) ?? null;
  return what === null ? null : `${op.op} ${what}`;
}
