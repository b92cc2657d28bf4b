/** A system call as a C programmer would write it: `mmap(address=0, length=0x4000, prot=PROT_READ|PROT_WRITE, …) = 0x…`. */
import {
  MAP_ANONYMOUS,
  MAP_FIXED,
  MAP_FIXED_NOREPLACE,
  MAP_GROWSDOWN,
  MAP_HUGETLB,
  MAP_LOCKED,
  MAP_NORESERVE,
  MAP_POPULATE,
  MAP_PRIVATE,
  MAP_SHARED,
  MAP_STACK,
  PROT_EXEC,
  PROT_READ,
  PROT_WRITE,
} from '../../kernel/linux-abi.ts';
import type { MachineEvent } from '../../machine/events.ts';
import { hex } from '../quantities.ts';

type Bits = readonly (readonly [number, string])[];

const PROT_BITS: Bits = [
  [PROT_READ, 'PROT_READ'],
  [PROT_WRITE, 'PROT_WRITE'],
  [PROT_EXEC, 'PROT_EXEC'],
];
const MAP_BITS: Bits = [
  [MAP_SHARED, 'MAP_SHARED'],
  [MAP_PRIVATE, 'MAP_PRIVATE'],
  [MAP_FIXED, 'MAP_FIXED'],
  [MAP_ANONYMOUS, 'MAP_ANONYMOUS'],
  [MAP_GROWSDOWN, 'MAP_GROWSDOWN'],
  [MAP_LOCKED, 'MAP_LOCKED'],
  [MAP_NORESERVE, 'MAP_NORESERVE'],
  [MAP_POPULATE, 'MAP_POPULATE'],
  [MAP_STACK, 'MAP_STACK'],
  [MAP_HUGETLB, 'MAP_HUGETLB'],
  [MAP_FIXED_NOREPLACE, 'MAP_FIXED_NOREPLACE'],
];

export function callText(event: MachineEvent & { type: 'Syscall' }): string {
  const args = Object.entries(event.args).map(([name, value]) => `${name}=${argumentText(name, value)}`);
  return `${event.name}(${args.join(', ')}) = ${valueText(event.result)}`;
}

function argumentText(name: string, value: string | number): string {
  if (typeof value === 'number' && name === 'prot') return bitsText(value, PROT_BITS, 'PROT_NONE');
  if (typeof value === 'number' && name === 'flags') return bitsText(value, MAP_BITS, '0');
  return valueText(value);
}

/** Sizes and addresses in hexadecimal, small counts in decimal. */
const valueText = (value: string | number): string =>
  typeof value === 'number' && value >= 4096 ? hex(value) : String(value);

function bitsText(value: number, bits: Bits, none: string): string {
  const known = bits.filter(([bit]) => (value & bit) !== 0);
  const rest = value & ~known.reduce((sum, [bit]) => sum | bit, 0);
  const names = [...known.map(([, name]) => name), ...(rest === 0 ? [] : [hex(rest >>> 0)])];
  return names.length === 0 ? none : names.join('|');
}
