/** Whoever is refused hears why: every refused call of these carries the kernel's own reason, each rule another one. */
import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { FORMATS } from '../../src/mmu/page-table/formats.ts';
import { stepStory } from '../../src/report/explain/story.ts';
import { namesOf } from '../../src/report/names.ts';
import { stepTable } from '../../src/report/pretty-steps.ts';
import type { SyscallEvent } from '../../src/report/refused-call.ts';
import { errnoOf, refusalReason } from '../../src/report/refused-call.ts';
import { PLAIN } from '../../src/report/style.ts';
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
  - { do: mmap, at: 0x60000000, length: 4KiB, flags: [fixed, anonymous, droppable], as: d }
  - { do: create, file: shm, kind: tmpfs, size: 4KiB }
  - { do: open, file: shm, mode: rw, as: shm }
  - { do: shmget, size: 8KiB, as: seg }
`;

/** The same of steps that are no process's system calls. */
const REFUSED_CHANGES: readonly (readonly [step: string, errno: string, why: RegExp])[] = [
  ['group_create, group: g', 'EEXIST', /group g already/],
  ['group_create, group: a/b', 'EINVAL', /no slash/],
  ['group_create, group: h, swappiness: 500', 'EINVAL', /from 0 to 200$/],
  ['group_move, process: p, group: web', 'ENOENT', /no group web$/],
  ['group_limit, group: /, limit: 64KiB', 'EINVAL', /root/],
  ['group_limit, group: g, limit: 64KiB, swappiness: 201', 'EINVAL', /from 0 to 200$/],
  ['group_limit, group: web, limit: 64KiB', 'ENOENT', /no group web$/],
  ['reclaim, group: web', 'ENOENT', /no group web$/],
  ['reclaim, group: /', 'EINVAL', /root/],
  ['sysctl, name: swappiness, value: 500', 'EINVAL', /swappiness takes .* from 0 to 200$/],
  ['drop_caches, file: dta', 'ENOENT', /no file is called dta/],
  ['unlink, file: dta', 'ENOENT', /no file is called dta/],
  ['create, file: data, size: 4KiB', 'EEXIST', /a file of that name/],
  ['create, file: big, kind: tmpfs, size: 16MiB, fill: 1', 'ENOMEM', /memory is full/],
];

/** A step, the errno it gets, and words of the reason. */
const REFUSED: readonly (readonly [step: string, errno: string, why: RegExp])[] = [
  ['mmap, length: 0', 'EINVAL', /length is zero/],
  ['mmap, length: 4KiB, fd: name, prot: r', 'EBADF', /O_PATH/],
  ['mmap, length: 4KiB, fd: 77, prot: r', 'EBADF', /77 is no open descriptor/],
  ['mmap, length: 4KiB, fd: folder, prot: r', 'ENODEV', /cannot be mapped/],
  ['mmap, length: 4KiB, fd: fd, prot: rw, flags: shared', 'EACCES', /open for writing/],
  [
    'mmap, length: 4KiB, fd: fd, prot: r, flags: [shared_validate, 0x200000]',
    'EOPNOTSUPP',
    /SHARED_VALIDATE.*: 0x200000$/,
  ],
  ['mmap, length: 4KiB, fd: fd, prot: r, flags: [shared_validate, sync]', 'EOPNOTSUPP', /^MAP_SYNC .*DAX.*plain disk/],
  ['mmap, length: 4KiB, fd: shm, prot: r, flags: [shared_validate, sync]', 'EOPNOTSUPP', /^MAP_SYNC needs .*DAX/],
  ['mmap, length: 4KiB, flags: [droppable, locked]', 'EINVAL', /DROPPABLE/],
  ['mmap, length: 4KiB, at: sealed, flags: fixed', 'EPERM', /sealed/],
  ['mmap, length: 64MiB', 'ENOMEM', /64MiB asked for.*5MiB/],
  ['mmap, length: "0x7fff00003000"', 'ENOMEM', /^about 127\.9TiB asked for/],
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
  ['madvise, at: s, length: 4KiB, advice: wipeonfork', 'EINVAL', /^only private anonymous memory .*wipeonfork.$/],
  ['madvise, at: d, length: 4KiB, advice: keeponfork', 'EINVAL', /^droppable memory is wiped in every child/],
  ['madvise, at: d, length: 4KiB, advice: dodump', 'EINVAL', /^droppable memory is part of no core dump/],
  ['madvise, at: a, length: 4KiB, advice: hwpoison', 'EINVAL', /CONFIG_MEMORY_FAILURE/],
  ['madvise, at: 1, length: 0, advice: soft_offline', 'EINVAL', /CONFIG_MEMORY_FAILURE/],
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

it.for(REFUSED_CHANGES)('%s: %s', ([step, errno, why]) => {
  const { steps } = runScenarioText(`${HEAD}  - { do: group_create, group: g }\n  - { do: ${step} }\n`);
  const outcome = steps.at(-1)!.outcome;
  expect(outcome).toEqual({ kind: 'errno', errno, why: expect.stringMatching(why) });
});

it('run and explain say why an administrator’s step was refused', () => {
  const result = runScenarioText(`${HEAD}  - { do: reclaim, group: web }\n`);
  const last = result.steps.at(-1)!;
  const table = stepTable(result.steps, namesOf(result), {
    style: PLAIN,
    file: 'x.yaml',
    unfolded: true,
    failuresOnly: false,
  });
  expect(table.join('\n')).toContain('reclaim: ENOENT: there is no group web');
  const story = stepStory(result, last, { style: PLAIN, format: FORMATS.x86_64, verbose: false });
  expect(story.join('\n')).toContain('there is no group web');
});

it('a group whose settings are refused is not made', () => {
  const { steps } = runScenarioText(
    `${HEAD}  - { do: group_create, group: h, swappiness: 500, limit: 64KiB }\n  - { do: group_move, process: p, group: h }\n  - { do: group_create, group: h, swappiness: 200, limit: 64KiB }\n`,
  );
  expect(steps.slice(-3).map(({ outcome }) => ('errno' in outcome ? outcome.errno : outcome.kind))).toEqual([
    'EINVAL',
    'ENOENT',
    'ok',
  ]);
});

it('a limit that a group cannot be brought below is refused with how many pages stay', () => {
  const { steps } = runScenarioText(`version: 1
name: busy
machine: { paging: x86_64, memory: 4MiB, swap: 0 }
steps:
  - { do: spawn, process: p }
  - { do: group_create, group: g }
  - { do: group_move, process: p, group: g }
  - { do: mmap, length: 64KiB, flags: populate, as: a }
  - { do: group_limit, group: g, limit: 4KiB }
`);
  expect(steps.at(-1)!.outcome).toMatchObject({
    errno: 'EBUSY',
    why: expect.stringMatching(/^\d+ pages .* would be 1$/),
  });
});

it('an access below a stack that has outgrown its lowered limit names the limit', () => {
  const { steps } = runScenarioText(
    `${HEAD}  - { do: setrlimit, resource: stack, soft: 64KiB }\n  - { do: store, at: "stack - 200KiB", value: 1 }\n`,
  );
  expect(steps.at(-1)!.outcome).toMatchObject({ info: { reason: expect.stringMatching(/its limit is 0x10000$/) } });
});

it('a break that stays says what is in the way, and where', () => {
  const blocked = (flags: string): string | null => {
    const told = refusals(
      `${HEAD}  - { do: sbrk, by: 4KiB, as: end }\n  - { do: mmap, at: end+64KiB, length: 8KiB, flags: ${flags} }\n  - { do: brk, to: end+64KiB }\n`,
    );
    return refusalReason(told[0]!.event);
  };
  expect(blocked('fixed')).toMatch(/^an area begins at 0x[0-9a-f]+, and the page before it stays free$/);
  expect(blocked('[fixed, private, growsdown]')).toMatch(
    /^a stack begins at 0x[0-9a-f]+, and 1MiB and a page below it/,
  );
});

it('a promise that cannot be made says what is promised already', () => {
  const told = refusals(
    `${HEAD}  - { do: sysctl, name: overcommit_memory, value: 2 }\n  - { do: mmap, length: 4MiB }\n`,
  );
  expect(refusalReason(told.at(-1)!.event)).toMatch(
    /^4MiB more .*: with the \d+KiB promised already it must stay below 3MiB/,
  );
});
