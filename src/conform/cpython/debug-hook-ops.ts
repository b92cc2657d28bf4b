/**
 * The ops of a recorded debug-hook case, one text each:
 *
 *     m d id size        malloc           w id offset hex      write these bytes at the id's block
 *     c d id n elsize    calloc           p id offset length   look at these
 *     r d id size        realloc          f d id               free
 *
 * d is the domain's letter. An id stands for the block it was last given, freed or not.
 */
import { InputError } from '../../mmu/input-error.ts';
import { type Size, sizeOf } from '../../process/allocator.ts';
import { DOMAIN_LETTERS, type Domain, MEM, OBJ, RAW } from '../../process/python/allocator-record.ts';

export type DebugOp =
  | { readonly kind: 'malloc' | 'realloc'; readonly domain: Domain; readonly id: string; readonly size: Size }
  | {
      readonly kind: 'calloc';
      readonly domain: Domain;
      readonly id: string;
      readonly count: Size;
      readonly size: Size;
    }
  | { readonly kind: 'free'; readonly domain: Domain; readonly id: string }
  | { readonly kind: 'write'; readonly id: string; readonly offset: number; readonly bytes: Uint8Array }
  | { readonly kind: 'look'; readonly id: string; readonly offset: number; readonly length: number };

const DOMAINS = [RAW, MEM, OBJ] as const;
const HEX = 16;
const SIZE_END = 2n ** 64n;
/** Largest stretch a case looks at, bytes. */
const LOOK_MAX = 2 ** 20;

const REQUEST = /^([mrf]) ([rmo]) (\S+)(?: (\d+))?$/;
const CALLOC = /^c ([rmo]) (\S+) (\d+) (\d+)$/;
const WRITE = /^w (\S+) (-?\d{1,15}) ((?:[0-9a-f]{2})*)$/i;
const LOOK = /^p (\S+) (-?\d{1,15}) (\d{1,7})$/;

/** @throws InputError MEM-CNF-004 for what is no op */
export function parseDebugOp(text: string): DebugOp {
  const op = requestOf(text) ?? callocOf(text) ?? writeOf(text) ?? lookOf(text);
  if (op !== null) return op;
  throw new InputError({
    code: 'MEM-CNF-004',
    message: `no op of a debug-hook case: \`${text}\``,
    hint: 'ops are `m|r d id size`, `c d id n elsize`, `f d id`, `w id offset hex`, `p id offset length`; d is r, m or o',
  });
}

function requestOf(text: string): DebugOp | null {
  const [, letter, domainLetter, id, digits] = REQUEST.exec(text) ?? [];
  if (letter === undefined || domainLetter === undefined || id === undefined) return null;
  const domain = domainOf(domainLetter);
  if (letter === 'f') return digits === undefined ? { kind: 'free', domain, id } : null;
  const size = digits === undefined ? null : sizeFrom(digits);
  return size === null ? null : { kind: letter === 'm' ? 'malloc' : 'realloc', domain, id, size };
}

function callocOf(text: string): DebugOp | null {
  const [, letter, id, countDigits, sizeDigits] = CALLOC.exec(text) ?? [];
  if (letter === undefined || id === undefined || countDigits === undefined || sizeDigits === undefined) return null;
  const count = sizeFrom(countDigits);
  const size = sizeFrom(sizeDigits);
  return count === null || size === null ? null : { kind: 'calloc', domain: domainOf(letter), id, count, size };
}

function writeOf(text: string): DebugOp | null {
  const [, id, offset, hex] = WRITE.exec(text) ?? [];
  if (id === undefined || hex === undefined) return null;
  const bytes = Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, HEX));
  return { kind: 'write', id, offset: Number(offset), bytes };
}

function lookOf(text: string): DebugOp | null {
  const [, id, offset, length] = LOOK.exec(text) ?? [];
  if (id === undefined || Number(length) > LOOK_MAX) return null;
  return { kind: 'look', id, offset: Number(offset), length: Number(length) };
}

function domainOf(letter: string): Domain {
  return DOMAINS[DOMAIN_LETTERS.indexOf(letter)] ?? RAW;
}

/** Null for what no size_t holds. */
function sizeFrom(digits: string): Size | null {
  const value = BigInt(digits);
  return value < SIZE_END ? sizeOf(value) : null;
}
