/** A system call as a C programmer would write it: `mmap(address=0, length=0x4000, prot=PROT_READ|PROT_WRITE, …) = 0x…`. */
import {
  FALLOC_FLAGS,
  flagNames,
  MCL_FLAGS,
  MLOCK_FLAGS,
  MREMAP_FLAGS,
  MS_FLAGS,
  mapFlagNames,
  PROT_FLAGS,
  SHM_FLAGS,
} from '../../kernel/flag-names.ts';
import { ADVICE } from '../../kernel/vm/advice.ts';
import type { MachineEvent } from '../../machine/events.ts';
import { hex } from '../quantities.ts';

/** What `flags` means is each call's own. */
const FLAGS_OF: Readonly<Record<string, (value: number) => string>> = {
  mmap: mapFlagNames,
  remap_file_pages: mapFlagNames,
  mremap: (value) => flagNames(value, MREMAP_FLAGS, 'MREMAP_'),
  mlock2: (value) => flagNames(value, MLOCK_FLAGS, 'MLOCK_'),
  mlockall: (value) => flagNames(value, MCL_FLAGS, 'MCL_'),
  msync: (value) => flagNames(value, MS_FLAGS, 'MS_'),
  shmat: (value) => flagNames(value, SHM_FLAGS, 'SHM_'),
};

const ADVICE_BY_NUMBER = new Map(Object.entries(ADVICE).map(([name, number]): [number, string] => [number, name]));

export function callText(event: MachineEvent & { type: 'Syscall' }): string {
  const args = Object.entries(event.args).map(([name, value]) => `${name}=${argumentText(event.name, name, value)}`);
  return `${event.name}(${args.join(', ')}) = ${valueText(event.result)}`;
}

function argumentText(call: string, name: string, value: string | number): string {
  if (name === 'resource') return `RLIMIT_${value}`;
  if (name === 'advice') {
    const known = typeof value === 'number' ? ADVICE_BY_NUMBER.get(value) : value;
    return known === undefined ? String(value) : `MADV_${known}`;
  }
  if (typeof value !== 'number') return value;
  if (name === 'prot') return flagNames(value, PROT_FLAGS, 'PROT_', 'PROT_NONE');
  if (name === 'mode' && call === 'fallocate') return flagNames(value, FALLOC_FLAGS, 'FALLOC_FL_');
  if (name === 'flags') return FLAGS_OF[call]?.(value) ?? valueText(value);
  return valueText(value);
}

/** Sizes and addresses in hexadecimal, small counts in decimal. */
const valueText = (value: string | number): string =>
  typeof value === 'number' && value >= 4096 ? hex(value) : String(value);
