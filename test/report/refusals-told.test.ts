/** Whoever is refused hears why: every refused call of these carries the kernel's own reason, each rule another one. */
import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import type { SyscallEvent } from '../../src/report/refused-call.ts';
import { errnoOf, refusalReason } from '../../src/report/refused-call.ts';
import { runScenarioText } from '../../src/scenario/run.ts';

const HEAD = `version: 1
name: refused
machine: { paging: x86_64, memory: 4MiB, swap: 1MiB }
files:
  data: { size: 16KiB, fill: 1 }
steps:
  - { do: spawn, process: p, signals: survive }
  - { do: open, file: data, mode: r, as: fd }
  - { do: open, file: data, mode: rw, as: rw }
  - { do: open, file: data, mode: path, as: name }
  - { do: open, file: /, as: folder }
  - { do: mmap, at: 0x10000000, length: 32KiB, flags: fixed, as: a }
  - { do: mmap, at: 0x20000000, fd: fd, length: 16KiB, prot: r, flags: [fixed, shared], as: f }
  - { do: mmap, at: 0x30000000, length: 16KiB, flags: [fixed, shared], as: s }
  - { do: mmap, at: 0x40000000, length: 16KiB, flags: [fixed, locked], as: l }
  - { do: mmap, at: 0x50000000, length: 16KiB, prot: r, flags: fixed, as: sealed }
  - { do: mseal, at: sealed, length: 16KiB }
  - { do: shmget, size: 8KiB, as: seg }
`;

/** A step, the errno it gets, and words of the reason. */
const REFUSED: readonly (readonly [step: string, errno: string, why: RegExp])[] = [
  ['mmap, length: 0', 'EINVAL', /length is zero/],
  ['mmap, length: 4KiB, fd: name, prot: r', 'EBADF', /O_PATH/],
  ['mmap, length: 4KiB, fd: 77, prot: r', 'EBADF', /77 is no open descriptor/],
  ['mmap, length: 4KiB, fd: folder, prot: r', 'ENODEV', /cannot be mapped/],
  ['mmap, length: 4KiB, fd: fd, prot: rw, flags: shared', 'EACCES', /open for writing/],
  ['mmap, length: 4KiB, fd: fd, prot: r, flags: [shared_validate, 0x200000]', 'EOPNOTSUPP', /SHARED_VALIDATE/],
  ['mmap, length: 4KiB, flags: [droppable, locked]', 'EINVAL', /DROPPABLE/],
  ['mmap, length: 4KiB, at: sealed, flags: fixed', 'EPERM', /sealed/],
  ['mmap, length: 64MiB', 'ENOMEM', /64MiB asked for.*5MiB/],
  ['munmap, at: sealed, length: 4KiB', 'EPERM', /sealed/],
  ['munmap, at: a, length: "0xffffffffffffffff"', 'EINVAL', /wraps around/],
  ['mprotect, at: sealed, length: 4KiB, prot: rw', 'EPERM', /sealed/],
  ['mprotect, at: f, length: 4KiB, prot: rw', 'EACCES', /never have that right/],
  ['mprotect, at: a, length: 64KiB, prot: r', 'ENOMEM', /in no area/],
  ['mremap, at: a, length: 4KiB, newLength: 0', 'EINVAL', /new length is zero/],
  ['mremap, at: a, length: 4KiB, newLength: 8KiB', 'ENOMEM', /MAYMOVE/],
  ['mremap, at: a, length: 64KiB, newLength: 128KiB, flags: maymove', 'EFAULT', /past the end of the area/],
  ['mremap, at: a, length: 0, newLength: 4KiB, flags: maymove', 'EINVAL', /only shared memory/],
  ['mremap, at: 0, length: 4KiB, newLength: 8KiB', 'EFAULT', /nothing is mapped/],
  ['mremap, at: a, length: 8KiB, newLength: 8KiB, flags: [maymove, fixed], to: a+4KiB', 'EINVAL', /overlap/],
  ['mremap, at: sealed, length: 4KiB, newLength: 4KiB', 'EPERM', /sealed/],
  ['madvise, at: l, length: 4KiB, advice: dontneed', 'EINVAL', /locked in memory/],
  ['madvise, at: s, length: 4KiB, advice: free', 'EINVAL', /private anonymous/],
  ['madvise, at: a, length: 4KiB, advice: remove', 'EINVAL', /none behind the area/],
  ['madvise, at: f, length: 4KiB, advice: remove', 'EACCES', /could write/],
  ['madvise, at: sealed, length: 4KiB, advice: dontneed', 'EPERM', /sealed.*thrown away/],
  ['madvise, at: f, length: 4KiB, advice: populate_write', 'EINVAL', /does not allow to write/],
  ['madvise, at: a, length: 64KiB, advice: normal', 'ENOMEM', /in no area/],
  ['madvise, at: a, length: 4KiB, advice: 1234', 'EINVAL', /no advice 1234/],
  ['madvise, at: s, length: 4KiB, advice: wipeonfork', 'EINVAL', /wipeonfork/],
  ['mlock2, at: a, length: 4KiB, flags: 6', 'EINVAL', /only flag/],
  ['mlock, at: a, length: 64KiB', 'ENOMEM', /in no area/],
  ['mlockall, flags: onfault', 'EINVAL', /MCL_CURRENT/],
  ['msync, at: a, length: 4KiB, flags: [sync, async]', 'EINVAL', /exclude/],
  ['msync, at: l, length: 4KiB, flags: invalidate', 'EBUSY', /locked/],
  ['mincore, at: a+1, length: 4KiB', 'EINVAL', /page-aligned/],
  ['mincore, at: a, length: 4KiB, vector: 16', 'EFAULT', /vector/],
  ['mseal, at: a, length: 64KiB', 'ENOMEM', /nothing is sealed/],
  ['remap_file_pages, at: a, length: 4KiB, page: 0', 'EINVAL', /shared mapping/],
  ['shmat, id: 99', 'EINVAL', /no segment/],
  ['shmat, id: seg, at: a', 'EINVAL', /SHM_REMAP/],
  ['shmat, id: seg, flags: exec', 'EACCES', /0600/],
  ['shmdt, at: a', 'EINVAL', /no segment was attached/],
  ['open, file: dta, as: x', 'ENOENT', /no file is called dta/],
  ['pread64, fd: rw, at: 16, length: 8', 'EFAULT', /EFAULT, no signal/],
  ['pwrite64, fd: fd, at: a, length: 8', 'EBADF', /open for writing/],
  ['ftruncate, fd: fd, size: 0', 'EINVAL', /open for writing/],
  ['fallocate, fd: rw, mode: punch_hole, offset: 0, length: 1', 'EOPNOTSUPP', /KEEP_SIZE/],
  ['setrlimit, resource: memlock, soft: 1GiB', 'EINVAL', /above the hard one, 8MiB/],
  ['brk, to: 0', 'ENOMEM', /below the start/],
];

const refusals = (text: string): { readonly event: SyscallEvent; readonly errno: string }[] =>
  runScenarioText(text).steps.flatMap(({ events }) =>
    events.flatMap((event) => {
      const errno = event.type === 'Syscall' ? errnoOf(event) : null;
      return event.type === 'Syscall' && errno !== null ? [{ event, errno }] : [];
    }),
  );

it.for(REFUSED)('%s: %s', ([step, errno, why]) => {
  const told = refusals(`${HEAD}  - { do: ${step} }\n`);
  expect(told.map((one) => one.errno)).toEqual([errno]);
  expect(refusalReason(told[0]!.event)).toMatch(why);
});

it('no refused call of the scenarios goes without its reason', () => {
  const folder = new URL('../../scenarios/', import.meta.url);
  const told = readdirSync(folder)
    .filter((name) => name.endsWith('.yaml'))
    .flatMap((name) => refusals(readFileSync(new URL(name, folder), 'utf8')));
  expect(told.length).toBeGreaterThan(20);
  expect(told.filter(({ event }) => refusalReason(event) === null)).toEqual([]);
});
