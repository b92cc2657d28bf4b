/** Flags of system calls: a name, a number (taken as it is), or a list of such. */
import { z } from 'zod';
import { whole } from './scalars.ts';

const MOST = 2 ** 32 - 1;

/** `bits`: the names there are, and what each stands for. */
export function flagsOf<Name extends string>(bits: Readonly<Record<Name, number>>, id: string) {
  const one = z.union([z.enum(Object.keys(bits) as [Name, ...Name[]]), whole('Bits as a number.', 0, MOST)]);
  return z.union([one, z.array(one)]).meta({ id });
}

export type Flags<Name extends string> = Name | number | readonly (Name | number)[];

/** The bits that the step says, 0 for none. */
export function flagBits<Name extends string>(
  flags: Flags<Name> | undefined,
  bits: Readonly<Record<Name, number>>,
): number {
  return flagList(flags).reduce<number>((all, flag) => orBits(all, typeof flag === 'number' ? flag : bits[flag]), 0);
}

/** `|` on numbers of up to 32 bits, which JavaScript's operators would make negative. */
const orBits = (left: number, right: number): number => (left | right) >>> 0;

export function flagList<Name extends string>(flags: Flags<Name> | undefined): readonly (Name | number)[] {
  if (flags === undefined) return [];
  return typeof flags === 'object' ? flags : [flags];
}

/** `private 0x200000`: names as they are, bits in hexadecimal. */
export const flagText = (flags: Flags<string> | undefined): string =>
  flagList(flags)
    .map((flag) => (typeof flag === 'number' ? `0x${flag.toString(16)}` : flag))
    .join(' ');
