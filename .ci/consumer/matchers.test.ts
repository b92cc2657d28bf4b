import { MAP_ANONYMOUS, MAP_PRIVATE, Machine, PROT_READ, PROT_WRITE } from 'mmulator';
import 'mmulator/vitest';
import { expect, test } from 'vitest';

test('the matchers are there, typed and loaded by one import', () => {
  const machine = new Machine({ paging: 'sv39', memory: 64 * 4096, swap: 0 });
  const shell = machine.spawn({ name: 'shell' });
  const buffer = machine.mmap(shell, {
    length: 8192,
    prot: PROT_READ | PROT_WRITE,
    flags: MAP_PRIVATE | MAP_ANONYMOUS,
  });
  expect(machine).not.toHaveResident(shell, buffer);
  expect(machine.store(shell, buffer, 42, 1)).toCost({ minorFaults: 1, majorFaults: 0 });
  expect(machine.load(shell, buffer, 1)).toHaveValue(42);
  expect(machine).toHaveResident(shell, buffer);
  expect(machine.store(shell, 0, 1, 1)).toSegfault('SEGV_MAPERR');
  expect(machine).toHaveLeakedNothing();
});
