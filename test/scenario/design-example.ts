/** The scenario of DESIGN.md, as it stands there: it must load, run and hold. */
export const DESIGN_EXAMPLE = `# yaml-language-server: $schema=../schema/scenario.v1.json
version: 1
name: copy on write gives each process its own page
machine: { paging: sv39, memory: 64KiB, swap: 64KiB, replacement: clock, tlb: { entries: 16, ways: 4 } }
steps:
  - { do: spawn, process: parent }
  - { do: mmap,  process: parent, as: buf, length: 8KiB, prot: rw }
  - { do: store, process: parent, at: buf+0x10, value: 42, expect: { fault: demand-zero } }
  - { do: fork,  process: parent, as: child }
  - { do: load,  process: child,  at: buf+0x10, expect: { value: 42, fault: none } }
  - { do: store, process: child,  at: buf+0x10, value: 7, expect: { fault: copy-on-write } }
  - { do: load,  process: parent, at: buf+0x10, expect: { value: 42 } }
  - { do: store, process: child,  at: 0, value: 1, expect: { signal: SIGSEGV, code: SEGV_MAPERR } }
expect:
  counters: { copyOnWriteFaults: 1 }
  frames: { leaked: 0 }
`;
