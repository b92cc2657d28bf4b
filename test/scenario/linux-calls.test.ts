/** Steps named after Linux's system calls on memory, files and segments: what they do, bind, answer and refuse. */
import { describe, expect, it } from 'vitest';
import { parseScenario } from '../../src/scenario/load.ts';
import type { ScenarioResult } from '../../src/scenario/result.ts';
import { runScenarioText } from '../../src/scenario/run.ts';

const X86 = 'machine: { paging: x86_64, memory: 4MiB, swap: 1MiB }';

function run(steps: string, head = X86): ScenarioResult {
  return runScenarioText(`version: 1\nname: test\n${head}\nsteps:\n${steps}`, { invariants: 'every-step' });
}

function held(steps: string, head = X86): void {
  const result = run(steps, head);
  const failures = [...result.steps.flatMap((step) => step.expectations), ...result.final].filter((one) => !one.held);
  expect(failures.map(({ what, expected, actual }) => `${what}: expected ${expected}, actual ${actual}`)).toEqual([]);
  expect(result.invariants).toEqual([]);
}

describe('files', () => {
  const FILES = `${X86}
files:
  data: { size: 64KiB, fill: page, cached: false }
  note: { kind: tmpfs, text: hello, size: 12KiB }`;

  it('a mapping of a disk file: read-around, fault-around, private copies, write notification', () => {
    held(
      `
  - { do: open, file: data, mode: rw, as: fd, expect: { result: 3 } }
  - { do: mmap, fd: fd, length: 64KiB, prot: rw, flags: shared, as: map, expect: { errno: ok } }
  - { do: mincore, at: map, length: 16KiB, expect: { vec: "0000" } }
  - { do: load, at: map, size: 1, expect: { value: 0, major: 1, minor: 0, fault: file } }
  - { do: load, at: map+4KiB, size: 1, expect: { value: 1, fault: none } }
  - { do: load, at: map+8KiB, size: 1, expect: { value: 2, fault: none } }
  - { do: store, at: map+8KiB, value: 7, size: 1, expect: { fault: file, minor: 1 } }
  - { do: store, at: map+8KiB, value: 8, size: 1, expect: { fault: none } }
  - { do: fsync, fd: fd, expect: { errno: ok } }
  - { do: store, at: map+8KiB, value: 9, size: 1, expect: { minor: 1 } }
  - { do: msync, at: map, length: 64KiB, flags: sync, expect: { errno: ok } }
  - { do: mincore, at: map, length: 12KiB, expect: { vec: "111" } }
  - { do: mmap, fd: fd, offset: 4KiB, length: 4KiB, prot: rw, flags: private, as: copy }
  - { do: store, at: copy, value: 99, size: 1, expect: { minor: 1 } }
  - { do: load, at: map+4KiB, size: 1, expect: { value: 1 } }
  - { do: close, fd: fd, expect: { errno: ok } }
  - { do: close, fd: fd, expect: { errno: EBADF } }
`,
      FILES,
    );
  });

  it('pread64, pwrite64, ftruncate, fallocate, SIGBUS and SIGXFSZ', () => {
    held(
      `
  - { do: spawn, process: p, signals: survive }
  - { do: open, file: note, mode: rw, as: fd }
  - { do: open, file: nothing, as: none, expect: { errno: ENOENT } }
  - { do: mmap, length: 8KiB, as: buf }
  - { do: pread64, fd: fd, at: buf, length: 100KiB, expect: { count: 8192 } }
  - { do: pread64, fd: fd, at: buf, length: 5, expect: { count: 5 } }
  - { do: load, at: buf, length: 5, expect: { text: hello } }
  - { do: pwrite64, fd: fd, at: buf, length: 5, offset: 10KiB, expect: { count: 5, errno: ok } }
  - { do: mmap, fd: fd, length: 12KiB, prot: r, flags: [shared, populate], as: map, expect: { minor: 2 } }
  - { do: load, at: map+10KiB, length: 5, expect: { text: hello } }
  - { do: fallocate, fd: fd, offset: 8KiB, length: 4KiB, expect: { errno: ok } }
  - { do: load, at: map+10KiB, expect: { value: 0, fault: shared } }
  - { do: fallocate, fd: fd, mode: [punch_hole], offset: 0, length: 1, expect: { errno: EOPNOTSUPP } }
  - { do: ftruncate, fd: fd, size: 4KiB, expect: { errno: ok } }
  - { do: load, at: map+4KiB, expect: { signal: SIGBUS, code: BUS_ADRERR, address: map+4KiB } }
  - { do: setrlimit, resource: fsize, soft: 8KiB, expect: { errno: ok } }
  - { do: ftruncate, fd: fd, size: 12KiB, expect: { errno: EFBIG, signal: SIGXFSZ } }
  - { do: pwrite64, fd: fd, at: buf, length: 1, offset: 8KiB, expect: { errno: EFBIG, signal: SIGXFSZ } }
  - { do: truncate, file: note, size: 0, expect: { errno: ok } }
  - { do: truncate, file: /, size: 0, expect: { errno: EISDIR } }
`,
      FILES,
    );
  });

  it('mmap of a descriptor that does not fit', () => {
    held(
      `
  - { do: open, file: data, mode: r, as: fd }
  - { do: open, file: /, as: folder }
  - { do: open, file: data, mode: path, as: name }
  - { do: mmap, fd: fd, length: 4KiB, prot: rw, flags: shared, expect: { errno: EACCES } }
  - { do: mmap, fd: fd, length: 4KiB, prot: r, flags: [shared_validate, 0x200000], expect: { errno: EOPNOTSUPP } }
  - { do: mmap, fd: 99, length: 4KiB, expect: { errno: EBADF } }
  - { do: mmap, fd: name, length: 4KiB, expect: { errno: EBADF } }
  - { do: mmap, fd: folder, length: 4KiB, prot: r, expect: { errno: ENODEV } }
  - { do: mmap, fd: fd, length: 4KiB, prot: r, flags: growsdown, expect: { errno: EINVAL } }
  - { do: mmap, length: 4KiB, flags: 0, expect: { errno: EINVAL } }
  - { do: mmap, length: 4KiB, flags: [droppable, noreserve], as: drop, expect: { vmflags: { drop: [dp, wf, dd, nr, -ac] } } }
`,
      FILES,
    );
  });

  it('files are made, dropped from the cache and unlinked by steps', () => {
    held(`
  - { do: create, file: log, kind: disk, size: 8KiB, fill: 0x5a, expect: { errno: ok } }
  - { do: create, file: log, expect: { errno: EEXIST } }
  - { do: open, file: log, as: fd }
  - { do: mmap, fd: fd, length: 8KiB, prot: r, as: map }
  - { do: load, at: map, expect: { value: 0x5a5a5a5a, major: 0, minor: 1 } }
  - { do: madvise, at: map, length: 8KiB, advice: dontneed }
  - { do: drop_caches }
  - { do: load, at: map, expect: { value: 0x5a5a5a5a, major: 1 } }
  - { do: unlink, file: log, expect: { errno: ok } }
  - { do: unlink, file: log, expect: { errno: ENOENT } }
  - { do: load, at: map+4KiB, expect: { value: 0x5a5a5a5a } }
`);
  });
});

describe('the address space', () => {
  it('mremap grows, moves and shrinks; names follow', () => {
    held(`
  - { do: mmap, length: 4KiB, prot: r, as: above }
  - { do: mmap, length: 8KiB, as: buf }
  - { do: store, at: buf, value: 42 }
  - { do: mremap, at: buf, length: 8KiB, newLength: 16KiB, expect: { errno: ENOMEM } }
  - { do: mremap, at: buf, length: 8KiB, newLength: 16KiB, flags: maymove, as: moved, expect: { errno: ok, fault: none } }
  - { do: load, at: moved, expect: { value: 42, fault: none } }
  - { do: mremap, at: moved, length: 16KiB, newLength: 4KiB, expect: { address: moved, resident: { moved..moved+4KiB: 1 } } }
  - { do: mremap, at: moved, length: 4KiB, newLength: 4KiB, flags: [maymove, dontunmap], as: again, expect: { errno: ok } }
  - { do: mremap, at: moved, length: 4KiB, newLength: 4KiB, flags: [fixed], to: 0x200000, expect: { errno: EINVAL } }
  - { do: load, at: moved, expect: { value: 0 } }
  - { do: load, at: again, expect: { value: 42 } }
`);
  });

  it('madvise, mlock and its kin, mseal, mincore', () => {
    held(`
  - { do: spawn, process: p, signals: survive }
  - { do: mmap, length: 16KiB, as: buf }
  - { do: touch, at: buf, length: 16KiB, value: 3 }
  - { do: madvise, at: buf, length: 4KiB, advice: dontneed, expect: { resident: { buf..buf+16KiB: 3 } } }
  - { do: load, at: buf, expect: { value: 0, fault: zero-page } }
  - { do: madvise, at: buf+4KiB, length: 4KiB, advice: guard_install, expect: { vmflags: { buf: [gu] } } }
  - { do: load, at: buf+4KiB, expect: { signal: SIGSEGV, code: SEGV_MAPERR } }
  - { do: madvise, at: buf, length: 4KiB, advice: 77, expect: { errno: EINVAL } }
  - { do: mincore, at: buf, length: 16KiB, expect: { vec: "1011" } }
  - { do: mincore, at: buf+1, length: 1, expect: { errno: EINVAL } }
  - { do: mincore, at: buf, length: 8KiB, vector: buf+12KiB, expect: { vec: "10" } }
  - { do: load, at: buf+12KiB, size: 2, expect: { bytes: 01 00 } }
  - { do: mlock, at: buf+8KiB, length: 1, expect: { errno: ok, vmflags: { buf+8KiB: [lo], buf: [-lo] } } }
  - { do: madvise, at: buf+8KiB, length: 4KiB, advice: dontneed, expect: { errno: EINVAL } }
  - { do: munlock, at: buf, length: 16KiB, expect: { vmflags: { buf: rd wr mr mw me ac gu } } }
  - { do: mlock2, at: buf, length: 4KiB, flags: onfault, expect: { vmflags: { buf: [lo, lf] } } }
  - { do: mlock2, at: buf, length: 4KiB, flags: 2, expect: { errno: EINVAL } }
  - { do: mlockall, flags: [current, future], expect: { errno: ok } }
  - { do: munlockall, expect: { errno: ok, vmflags: { buf: [-lo] } } }
  - { do: setrlimit, resource: memlock, soft: 0 }
  - { do: mlock, at: buf, length: 4KiB, expect: { errno: EPERM } }
  - { do: mseal, at: buf, length: 16KiB, expect: { errno: ok, vmflags: { buf: [sl] } } }
  - { do: munmap, at: buf, length: 4KiB, expect: { errno: EPERM } }
  - { do: mprotect, at: buf, length: 4KiB, prot: rw|growsdown, expect: { errno: EINVAL } }
  - { do: mprotect, at: buf, length: 4KiB, prot: r|0x10, expect: { errno: EINVAL } }
`);
  });

  it('a debugger writes where the process may not', () => {
    held(`
  - { do: mmap, length: 4KiB, prot: r, as: code }
  - { do: peekdata, at: code, expect: { value: 0, minor: 0 } }
  - { do: pokedata, at: code, value: 0xcc, expect: { errno: ok } }
  - { do: load, at: code, size: 1, expect: { value: 0xcc } }
  - { do: peekdata, at: 0, expect: { errno: EIO } }
`);
  });

  it('System V shared memory', () => {
    held(`
  - { do: spawn, process: parent }
  - { do: shmget, process: parent, size: 8KiB, as: seg, expect: { result: 1 } }
  - { do: shmat, process: parent, id: seg, as: mine, expect: { errno: ok } }
  - { do: fork, process: parent, as: child }
  - { do: shmat, process: child, id: seg, flags: rdonly, as: theirs }
  - { do: store, process: parent, at: mine, value: 5, expect: { fault: shared } }
  - { do: load, process: child, at: theirs, expect: { value: 5 } }
  - { do: shmctl, process: parent, id: seg, command: rmid, expect: { errno: ok } }
  - { do: shmdt, process: child, at: theirs+4KiB, expect: { errno: EINVAL } }
  - { do: shmdt, process: child, at: theirs, expect: { errno: ok } }
  - { do: shmdt, process: child, at: mine }
  - { do: shmdt, process: parent, at: mine }
  - { do: shmat, process: parent, id: seg, expect: { errno: EINVAL } }
`);
  });

  it('settings of the kernel: overcommit, the number of areas', () => {
    held(
      `
  - { do: mmap, length: 64MiB, expect: { errno: ENOMEM } }
  - { do: sysctl, name: overcommit_memory, value: 1, expect: { errno: ok } }
  - { do: mmap, length: 64MiB, expect: { errno: ok } }
  - { do: sysctl, name: overcommit_memory, value: 3, expect: { errno: EINVAL } }
  - { do: sysctl, name: max_map_count, value: 1 }
  - { do: mmap, length: 4KiB, expect: { errno: ENOMEM } }
`,
      'machine: { paging: x86_64, memory: 4MiB, sysctl: { overcommit_memory: 0 } }',
    );
  });

  it('remap_file_pages turns a mapping around', () => {
    held(`
  - { do: create, file: f, size: 8KiB, fill: page }
  - { do: open, file: f, mode: rw, as: fd }
  - { do: mmap, fd: fd, length: 8KiB, flags: shared, as: map }
  - { do: remap_file_pages, at: map, length: 4KiB, page: 1, expect: { errno: ok } }
  - { do: load, at: map, size: 1, expect: { value: 1 } }
`);
  });
});

it('mistakes in these steps are all told at once, each with its place and what was meant', () => {
  const text = `version: 1
name: mistakes
machine: { sysctl: { overcommit_memory: 7, max_map_cuont: 1 } }
files:
  data: { size: 4KiB, fill: 300 }
  twice: { text: a, hex: "00" }
steps:
  - { do: mmap, length: 4KiB, flags: [privat], as: buf }
  - { do: mmap, length: 4KiB, prot: rw|grow }
  - { do: madvise, at: buf, length: 4KiB, advice: dont_need }
  - { do: mremap, at: buf, length: 4KiB, new_length: 8KiB }
  - { do: mincore, at: buf, length: 4KiB, expect: { vec: 1 } }
  - { do: mlock, at: buf, length: 4KiB, expect: { vmflags: { buf: [lx] } } }
  - { do: open, file: data, mode: rwx, as: fd }
  - { do: pread64, fd: fdd, at: buf, length: 1 }
  - { do: setrlimit, resource: memlok, soft: 0 }
  - { do: sysctl, name: swapines, value: 1 }
  - { do: create, file: x, fill: 1 }
`;
  const { errors } = parseScenario(text, 'bad.yaml');
  expect(errors.map(({ code, range }) => `${code} ${range?.line}:${range?.column}`)).toMatchInlineSnapshot(`
    [
      "MEM-SCN-011 3:41",
      "MEM-SCN-006 3:44",
      "MEM-SCN-011 5:29",
      "MEM-SCN-021 6:26",
      "MEM-SCN-010 8:39",
      "MEM-SCN-027 9:37",
      "MEM-SCN-010 10:51",
      "MEM-SCN-008 11:5",
      "MEM-SCN-006 11:42",
      "MEM-SCN-009 12:58",
      "MEM-SCN-010 13:68",
      "MEM-SCN-010 14:35",
      "MEM-SCN-016 15:24",
      "MEM-SCN-010 16:32",
      "MEM-SCN-010 17:25",
      "MEM-SCN-008 18:34",
    ]
  `);
  expect(
    errors.map(({ message, hint }) => `${message.replace(/not one of .*/, 'not one of …')} (${hint})`),
  ).toMatchInlineSnapshot(`
    [
      "\`overcommit_memory\` cannot be 7 (the kernel would refuse it with EINVAL)",
      "unknown key \`max_map_cuont\` in \`sysctl\` (did you mean \`max_map_count\`?)",
      "\`fill\`: 300 is too large (at most 255)",
      "\`text\` and \`hex\` exclude each other (keep one of the two)",
      "\`flags\`: the text \`privat\` is not one of … (did you mean \`private\`?)",
      "\`prot\`: \`rw|grow\` is not a protection (prot is \`none\` or letters of \`rwx\`: \`r\`, \`rw\`, \`rx\`; also \`rw|growsdown\`, \`|growsup\`, \`|sem\`, \`|0x10\`)",
      "\`advice\`: the text \`dont_need\` is not one of … (did you mean \`dontneed\`?)",
      "a mremap step needs \`newLength\` (a length is a number of bytes or \`64KiB\`)",
      "unknown key \`new_length\` in a mremap step (did you mean \`newLength\`?)",
      "\`vec\`: expected quoted digits 0 and 1, found the number 1 (a digit for each page, in quotes: \`"1101"\`)",
      "\`lx\` is none of the VmFlags (did you mean \`ex\`?)",
      "\`mode\`: the text \`rwx\` is not one of … (did you mean \`rw\`?)",
      "no address is called \`fdd\` here (did you mean \`fd\`?)",
      "\`resource\`: the text \`memlok\` is not one of … (did you mean \`memlock\`?)",
      "\`name\`: the text \`swapines\` is not one of … (did you mean \`swappiness\`?)",
      "\`fill\` needs \`size\` (say how much is filled: \`size: 64KiB\`)",
    ]
  `);
});
