/** What a TLB is built from, and what is wrong with a description of one. */
import { InputError } from '../input-error.ts';

export const TLB_POLICIES = ['lru', 'plru', 'fifo', 'random'] as const;
export type TlbPolicy = (typeof TLB_POLICIES)[number];

export interface TlbLevelConfig {
  /** Entries in all. */
  readonly entries: number;
  /** Entries in a set; `entries` for a fully associative TLB, 1 for a direct-mapped one. */
  readonly ways: number;
  /** Who leaves a full set: default `lru`. */
  readonly policy?: TlbPolicy | undefined;
}

export interface TlbConfig extends TlbLevelConfig {
  /** Second level, unified, asked only when the first misses. */
  readonly l2?: TlbLevelConfig | undefined;
  /** Separate first levels for instructions and data, each of the given size. Default false. */
  readonly split?: boolean | undefined;
  /** Tag entries with the address space, so that a switch need not flush. Default true. */
  readonly asids?: boolean | undefined;
}

/** More than any machine has; keeps slot numbers small integers. */
const ENTRIES_MAX = 2 ** 20;

/** Everything that is wrong with `config`: codes MEM-TLB-001 to -005. `where` begins the messages: `tlb`, `tlb.l2`. */
export function validateTlbConfig(config: TlbConfig, where = 'tlb'): InputError[] {
  const errors = validateLevel(config, where);
  if (config.l2 !== undefined) errors.push(...validateLevel(config.l2, `${where}.l2`));
  return errors;
}

function validateLevel({ entries, ways, policy }: TlbLevelConfig, where: string): InputError[] {
  const errors: InputError[] = [];
  const wrong = (code: string, message: string, hint: string) => {
    errors.push(new InputError({ code, message: `${where}: ${message}`, hint }));
  };
  const entriesOk = Number.isInteger(entries) && entries >= 1 && entries <= ENTRIES_MAX;
  const waysOk = Number.isInteger(ways) && ways >= 1;
  if (!entriesOk) wrong('MEM-TLB-001', `entries must be a whole number from 1 to ${ENTRIES_MAX}`, `it is ${entries}`);
  if (!waysOk) wrong('MEM-TLB-002', 'ways must be a whole number from 1 up', `it is ${ways}`);
  if (entriesOk && waysOk && entries % ways !== 0) {
    wrong('MEM-TLB-003', `entries (${entries}) must be a multiple of ways (${ways})`, 'entries = sets x ways');
  }
  if (policy !== undefined && !TLB_POLICIES.includes(policy)) {
    wrong('MEM-TLB-004', `unknown policy '${String(policy)}'`, `one of ${TLB_POLICIES.join(', ')}`);
  }
  if (policy === 'plru' && waysOk && !Number.isInteger(Math.log2(ways))) {
    wrong('MEM-TLB-005', `tree-PLRU needs ways to be a power of two, not ${ways}`, 'use lru, or 2, 4, 8 or 16 ways');
  }
  return errors;
}
