/** Bits of system-call arguments from 32 up, which JavaScript's own bit operators do not see. */
import { expect, it } from 'vitest';
import {
  ERRNO,
  errnoName,
  MAP_ANONYMOUS,
  MAP_PRIVATE,
  MAP_SHARED,
  MAP_SHARED_VALIDATE,
  PROT_READ,
  PROT_WRITE,
} from '../../src/kernel/linux-abi.ts';
import { Machine } from '../../src/machine/machine.ts';

const PAGE = 4096;
const RW = PROT_READ | PROT_WRITE;
const BITS = [2 ** 32, 2 ** 40, 2 ** 52];

function makeMachine() {
  const machine = new Machine({ paging: 'x86_64', memory: 4 << 20 });
  return { machine, process: machine.spawn({ name: 'stub' }) };
}

it.each(BITS)('mprotect knows no right %d; mmap does not care', (bit) => {
  const { machine, process } = makeMachine();
  const at = machine.mmap(process, { length: PAGE, prot: bit + RW, flags: MAP_PRIVATE | MAP_ANONYMOUS });
  expect(at).toBeGreaterThan(0);
  machine.store(process, at, 1);
  expect(machine.mprotect(process, at, PAGE, bit + PROT_READ)).toBe(-ERRNO.EINVAL);
  machine.store(process, at, 2);
  expect(machine.mprotect(process, at, 0, bit)).toBe(0);
  expect(machine.mprotect(process, at, PAGE, PROT_READ)).toBe(0);
});

it.each(BITS)('MAP_SHARED_VALIDATE knows no flag %d; MAP_SHARED does not care', (bit) => {
  const { machine, process } = makeMachine();
  machine.files.create('data', 'tmpfs');
  const fd = machine.calls.open(process, 'data', { canRead: true, canWrite: true });
  const map = (flags: number) => machine.mmap(process, { length: PAGE, prot: RW, flags, fd });
  expect(errnoName(map(bit + MAP_SHARED_VALIDATE))).toBe('EOPNOTSUPP');
  expect(map(bit + MAP_SHARED)).toBeGreaterThan(0);
  expect(map(MAP_SHARED_VALIDATE)).toBeGreaterThan(0);
});
