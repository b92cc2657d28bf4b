/** Scenarios for the tests of the command line. */
export const HOLDING = `version: 1
name: fork and write
steps:
  - { do: spawn, process: parent }
  - { do: mmap, process: parent, as: buf, length: 8KiB, flags: populate }
  - { do: fork, process: parent, as: child }
  - { do: store, process: child, at: buf, value: 7, expect: { fault: copy-on-write } }
  - { do: load, process: parent, at: buf, expect: { value: 0 } }
expect:
  frames: { leaked: 0 }
`;

export const FAILING = `version: 1
name: wrong about a value
steps:
  - { do: mmap, as: buf, length: 4KiB }
  - { do: store, at: buf, value: 42, expect: { fault: demand-zero } }
  - { do: load, at: buf, expect: { value: 43 } }
`;

export const BAD = `version: 1
name: two mistakes
steps:
  - { do: stroe, at: buf }
  - { do: mmap, as: buf, lenght: 8KiB }
`;

/** So many steps that a run takes several slices. */
export const LONG = `version: 1
name: a long loop
steps:
  - { do: mmap, as: buf, length: 4KiB }
  - do: for
    var: i
    below: 12000
    steps:
      - { do: store, at: buf, value: i, size: 4 }
  - { do: load, at: buf, expect: { value: 11999 } }
`;
