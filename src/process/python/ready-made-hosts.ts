/**
 * Host allocators that come with the machine: wrappers to put on a domain by name, and patterns for one's own.
 *
 *     counting        words: malloc, calloc, realloc, free calls
 *     failing         words: n, requests so far; every n-th request is refused, as in a test of error paths; n = 0: none
 *     logging         no words; a line per call on standard error
 *     counting-arena  words: arenas obtained, arenas given back
 */
import { NULL, type Size } from '../allocator.ts';
import { DOMAIN_NAMES } from './allocator-record.ts';
import type { HostAllocator, HostArenaAllocator, HostArenaCall, HostCall } from './host-functions.ts';

/** A count that the program has written over, and that is none any more, begins anew. */
function countUp(call: HostCall | HostArenaCall, index: number): void {
  const count = call.word(index) + 1;
  call.setWord(index, Number.isSafeInteger(count) ? count : 0);
}

const counting: HostAllocator = {
  name: 'counting',
  about: 'counts the calls of each function in its ctx and passes them on',
  words: 4,
  malloc(call, size) {
    countUp(call, 0);
    return call.lower.malloc(size);
  },
  calloc(call, count, size) {
    countUp(call, 1);
    return call.lower.calloc(count, size);
  },
  realloc(call, address, size) {
    countUp(call, 2);
    return call.lower.realloc(address, size);
  },
  free(call, address) {
    countUp(call, 3);
    call.lower.free(address);
  },
};

/** Is this the n-th request? */
function isRefused(call: HostCall): boolean {
  countUp(call, 1);
  const every = call.word(0);
  return every !== 0 && call.word(1) % every === 0;
}

const failing: HostAllocator = {
  name: 'failing',
  about: 'answers NULL to every n-th malloc, calloc or realloc and passes the others on',
  words: 2,
  malloc(call, size) {
    return isRefused(call) ? NULL : call.lower.malloc(size);
  },
  calloc(call, count, size) {
    return isRefused(call) ? NULL : call.lower.calloc(count, size);
  },
  realloc(call, address, size) {
    return isRefused(call) ? NULL : call.lower.realloc(address, size);
  },
  free(call, address) {
    call.lower.free(address);
  },
};

const pointer = (address: number): string => (address === NULL ? 'NULL' : `0x${address.toString(16)}`);

function log(call: HostCall, what: string, result: number | null): void {
  const outcome = result === null ? '' : ` = ${pointer(result)}`;
  call.memory.error(`${DOMAIN_NAMES[call.domain]} ${what}${outcome}\n`);
}

function logged(call: HostCall, what: string, result: number): number {
  log(call, what, result);
  return result;
}

const logging: HostAllocator = {
  name: 'logging',
  about: 'writes a line per call to standard error and passes it on',
  words: 0,
  malloc: (call: HostCall, size: Size) => logged(call, `malloc(${size})`, call.lower.malloc(size)),
  calloc: (call: HostCall, count: Size, size: Size) =>
    logged(call, `calloc(${count}, ${size})`, call.lower.calloc(count, size)),
  realloc: (call: HostCall, address: number, size: Size) =>
    logged(call, `realloc(${pointer(address)}, ${size})`, call.lower.realloc(address, size)),
  free(call, address) {
    log(call, `free(${pointer(address)})`, null);
    call.lower.free(address);
  },
};

const countingArena: HostArenaAllocator = {
  name: 'counting-arena',
  about: 'counts arenas obtained and given back in its ctx and passes the calls on',
  words: 2,
  alloc(call, size) {
    const address = call.lower.alloc(size);
    if (address !== NULL) countUp(call, 0);
    return address;
  },
  free(call, address, size) {
    countUp(call, 1);
    call.lower.free(address, size);
  },
};

export const HOST_ALLOCATORS: readonly HostAllocator[] = [counting, failing, logging];
export const HOST_ARENA_ALLOCATORS: readonly HostArenaAllocator[] = [countingArena];
