/** What `mmulator init` writes: a first lesson in demand paging, fork and copy on write. A test runs it. */
export const STARTER_SCENARIO = `# yaml-language-server: $schema=./scenario.schema.json
# With that file (mmulator schema > scenario.schema.json) beside it, an editor completes and checks this one.
#
# A scenario is a script for an emulated machine. Run this one:
#
#   mmulator run FILE                 step by step, with the reasons
#   mmulator explain FILE --at 3      the whole story of step 3
#   mmulator inspect FILE maps        address spaces at the end
#   mmulator inspect FILE pagetable --at 6
#
# \`mmulator list steps\` and \`mmulator list expectations\` say what else can be written here.
version: 1
name: a first look at virtual memory

# Everything here has a default. Sizes take B, KiB, MiB and GiB.
machine:
  paging: sv39 # page-table format: \`mmulator list formats\`
  memory: 256KiB # physical memory: 64 frames of 4 KiB
  tlb: { entries: 16, ways: 4 }

steps:
  - { do: spawn, process: parent }

  # mmap only promises memory: no frame is given yet. \`as\` names the address it returns.
  - { do: mmap, process: parent, as: buf, length: 16KiB, prot: rw, expect: { fault: none } }

  # The first write to a page makes the kernel give it a frame, filled with zeros.
  - { do: store, process: parent, at: buf, value: 42, expect: { fault: demand-zero } }
  # The second finds it there: no fault, and the TLB knows the translation.
  - { do: load, process: parent, at: buf, expect: { value: 42, fault: none, tlb: hit } }

  # fork copies the page table, not the pages: parent and child share the frame, read-only.
  - { do: fork, process: parent, as: child }
  - { do: load, process: child, at: buf, expect: { value: 42, fault: none } }
  # Whoever writes first gets a copy of their own.
  - { do: store, process: child, at: buf, value: 7, expect: { fault: copy-on-write } }
  - { do: load, process: parent, at: buf, expect: { value: 42 } }

  # Nothing is mapped at address 0: the kernel ends the process.
  - { do: store, process: child, at: 0, value: 1, expect: { signal: SIGSEGV, code: SEGV_MAPERR } }
  - { do: wait, process: parent, child: child, expect: { killedBy: SIGSEGV } }

# What must hold when all is done.
expect:
  counters: { copyOnWriteFaults: 1 }
  frames: { leaked: 0 }
`;
