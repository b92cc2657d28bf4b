/** Scenarios run end to end: outcomes, expectations, their explanations, limits. */
import { describe, expect, it } from 'vitest';
import { InputErrors } from '../../src/mmu/input-error.ts';
import type { ExpectationResult, ScenarioResult } from '../../src/scenario/result.ts';
import { type RunOptions, runScenarioText } from '../../src/scenario/run.ts';
import { DESIGN_EXAMPLE } from './design-example.ts';

const failures = (result: ScenarioResult): ExpectationResult[] =>
  [...result.steps.flatMap((step) => step.expectations), ...result.final].filter(({ held }) => !held);
/** `what: expected X, actual Y` of everything that did not hold. */
const complaints = (result: ScenarioResult): string[] =>
  failures(result).map(({ what, expected, actual }) => `${what}: expected ${expected}, actual ${actual}`);

/** A file around some steps, on a machine with room. */
function run(steps: string, options: RunOptions & { machine?: string; tail?: string } = {}): ScenarioResult {
  const machine = options.machine ?? 'memory: 1MiB';
  return runScenarioText(`version: 1\nname: test\nmachine: { ${machine} }\nsteps:\n${steps}\n${options.tail ?? ''}`, {
    invariants: 'every-step',
    ...options,
  });
}
const held = (result: ScenarioResult): void => {
  expect(complaints(result)).toEqual([]);
  expect(result.invariants).toEqual([]);
  expect(result.status).toBe('held');
};

it('the scenario of DESIGN.md holds as it is written', () => {
  held(runScenarioText(DESIGN_EXAMPLE, { invariants: 'every-step' }));
});

describe('steps', () => {
  it('mmap, protections, signals and a process that survives them', () => {
    held(
      run(`
  - { do: spawn, process: p, signals: survive }
  - { do: mmap, as: buf, length: 12KiB, prot: rw, expect: { errno: ok } }
  - { do: store, at: buf, value: 0x12345678, expect: { fault: demand-zero, minor: 1, major: 0, signal: none } }
  - { do: load, at: buf+1, size: 2, expect: { value: 0x3456 } }
  - { do: load, at: buf+4KiB, expect: { value: 0, fault: zero-page } }
  - { do: mprotect, at: buf, length: page, prot: r }
  - { do: store, at: buf+2, value: 1, expect: { signal: SIGSEGV, code: SEGV_ACCERR, address: buf+2 } }
  - { do: load, at: buf, expect: { value: 0x12345678, fault: none } }
  - { do: munmap, at: buf+4KiB, length: 4KiB, expect: { errno: ok } }
  - { do: load, at: buf+4KiB, expect: { signal: SIGSEGV, code: SEGV_MAPERR } }
  - { do: fetch, at: buf+8KiB, expect: { signal: SIGSEGV, code: SEGV_ACCERR } }
  - { do: munmap, at: buf+1, length: 4KiB, expect: { errno: EINVAL } }
  - { do: check, expect: { maps: ['buf..buf+4KiB r--p', 'buf+8KiB-buf+12KiB rw-p anon'], resident: { buf..buf+12KiB: 1 } } }
`),
    );
  });

  it('the heap: brk, sbrk and the built-in names', () => {
    held(
      run(`
  - { do: sbrk, by: 8KiB, as: old, expect: { address: heap } }
  - { do: store, at: heap+8KiB-1, value: 99, size: 1, expect: { fault: demand-zero } }
  - { do: sbrk, by: -4096, expect: { address: brk+4KiB } }
  - { do: sbrk, by: 4096 }
  - { do: load, at: old+8KiB-1, size: 1, expect: { value: 0 } }
  - { do: brk, to: heap+16KiB, expect: { errno: ok, address: heap+16KiB } }
  - { do: brk, to: "0xffffffffffffffff", expect: { errno: ENOMEM } }
  - { do: store, at: stack-8, value: -1, size: 8, expect: { fault: demand-zero } }
  - { do: load, at: stack-8, size: 8, expect: { value: -1, bytes: ff ff ff ff ff ff ff ff } }
`),
    );
  });

  it('images, text, console', () => {
    held(
      run(
        `
  - { do: spawn, process: cat, input: "to be", image: { text: { hex: "13 00 00 00" }, rodata: { text: hello }, data: { text: data }, bss: 4KiB } }
  - { do: fetch, at: text, expect: { fault: file } }
  - { do: load, at: text, expect: { value: 0x13 } }
  - { do: load, at: rodata, length: 5, expect: { text: hello } }
  - { do: store, at: data, text: "D", expect: { fault: file } }
  - { do: load, at: data, length: 4, expect: { text: Data } }
  - { do: read, at: bss, length: 100, expect: { count: 5 } }
  - { do: write, at: bss, length: 5, expect: { count: 5, output: to be } }
  - { do: write, at: 0, length: 5, expect: { errno: EFAULT } }
  - { do: check, at: rodata, expect: { text: hello } }
`,
        { tail: 'expect: { output: { cat: to be }, processes: [cat] }' },
      ),
    );
  });

  it('rmw and touch', () => {
    held(
      run(`
  - { do: mmap, as: buf, length: 4*page }
  - { do: rmw, at: buf, add: 5, expect: { value: 0 } }
  - { do: rmw, at: buf, xor: 0xff, expect: { value: 5 } }
  - { do: rmw, at: buf, set: 7, expect: { value: 0xfa } }
  - { do: load, at: buf, size: 1, expect: { value: 7 } }
  - { do: touch, at: buf, length: 4*page, expect: { count: 4, fault: { kind: demand-zero, count: 3 }, resident: { buf: 4 } } }
  - { do: touch, at: buf+3*page, length: 2*page, access: load, expect: { count: 1, signal: SIGSEGV, address: buf+4*page } }
`),
    );
  });

  it('fork, wait, exit codes, orphans and templates in loops', () => {
    held(
      run(
        `
  - { do: mmap, as: buf, length: 4KiB, flags: shared }
  - { do: for, var: i, below: 3, steps: [{ do: fork, process: main, as: "c{i}" }, { do: store, process: "c{i}", at: buf+i, value: i+1, size: 1 }] }
  - { do: load, process: main, at: buf, expect: { bytes: 01 02 03 00 } }
  - { do: exit, process: c1, code: 3 }
  - { do: wait, process: main, child: c1, expect: { exitCode: 3 } }
  - { do: wait, process: main, child: c0, expect: { errno: EAGAIN } }
  - { do: kill, process: c0 }
  - { do: wait, process: main, expect: { killedBy: SIGKILL } }
  - { do: exit, process: c2 }
`,
        {
          tail: 'expect: { processes: { running: [main], zombie: [c2] }, frames: { leaked: 0 }, counters: { forks: 3 } }',
        },
      ),
    );
  });

  it('64-bit constants are exact: the kernel half, and values', () => {
    held(
      run(`
  - { do: spawn, process: p, signals: survive }
  - { do: load, at: "0xffff800000000001", expect: { signal: SIGSEGV, address: "0xffff800000000001" } }
  - { do: load, at: 18446744073709551615, size: 1, expect: { signal: SIGSEGV, address: -1 } }
  - { do: mmap, as: buf, length: 4KiB }
  - { do: store, at: buf, value: 0xfedcba9876543211, size: 8 }
  - { do: load, at: buf, size: 8, expect: { value: 0xfedcba9876543211 } }
  - { do: mmap, length: "0xffffffffffffffff", expect: { errno: ENOMEM } }
`),
    );
  });

  it('swap: evictions, victims, I/O', () => {
    held(
      run(
        `
  - { do: mmap, as: buf, length: 16KiB }
  - { do: for, var: i, below: 3, steps: [{ do: store, at: buf+i*page, value: i, expect: { evicted: none } }] }
  - { do: store, at: buf+3*page, value: 3, expect: { evicted: buf, swapWrites: 1, fault: demand-zero } }
  - { do: load, at: buf, expect: { value: 0, fault: swap-in, major: 1, swapReads: 1, evicted: { process: main, at: buf+page } } }
`,
        {
          machine: 'memory: 1MiB, swap: 64KiB, residentPages: 3, replacement: fifo',
          tail: 'expect: { swap: { leaked: 0 }, frames: { leaked: 0 } }',
        },
      ),
    );
  });

  it('TLB and CPUs', () => {
    held(
      run(
        `
  - { do: mmap, as: buf, length: 4KiB }
  - { do: store, at: buf, value: 1, expect: { tlb: miss } }
  - { do: load, at: buf, expect: { tlb: hit, walks: 0 } }
  - { do: switch, cpu: 1 }
  - { do: load, at: buf, expect: { tlb: miss, walks: 1 } }
  - { do: peek, at: buf, expect: { fault: none, counters: { walks: 0 } } }
  - { do: peek, at: 0, expect: { refused: not-present } }
`,
        { machine: 'memory: 1MiB, cpus: 2, paging: x86_64' },
      ),
    );
  });
});

describe('bare hardware', () => {
  /** OSTEP paging-multilevel-translate, seed 0 (exercises.md E2), with only the pages that 0x611c and 0x17f5 need. */
  it('walks page tables that the file wrote', () => {
    held(
      runScenarioText(`version: 1
name: CSAPP 9.6.4
machine:
  kernel: none
  memory: 4KiB
  paging: { pageBytes: 64, pteBytes: 1, levels: [8], physicalBits: 12, fields: { valid: 7, frame: { bit: 0, width: 6 } } }
  root: 0
  tlb: { entries: 16, ways: 4, preset: [{ set: 3, tag: 3, pfn: 0x0d }, { vpn: 0x09, valid: false }] }
  contents:
    - { at: 0, words: [0xa8, 0, 0xb3, 0x82, 0, 0x96] }
    - { at: 0x0f, bytes: 8d }
    - { at: 0x354, bytes: "36" }
steps:
  - { do: translate, at: 0x03d4, expect: { tlb: hit, physical: 0x354, byte: 0x36 } }
  - { do: translate, at: 0x0175, expect: { tlb: miss, physical: 0x5b5, indices: [5] } }
  - { do: translate, at: 0x0175, expect: { tlb: hit } }
  - { do: translate, at: 0x0040, expect: { refused: not-present, level: 0 } }
  - { do: check, at: 0x03d4, size: 1, expect: { value: 0x36 } }
`),
    );
  });
});

describe('expectations that do not hold', () => {
  const failing = (steps: string) => run(`  - { do: mmap, as: buf, length: 8KiB }\n${steps}`);

  it.for([
    ['{ do: load, at: buf, expect: { value: 1 } }', 'value: expected 1, actual 0'],
    ['{ do: store, at: buf, value: 1, expect: { fault: none } }', 'fault: expected none, actual demand-zero'],
    [
      '{ do: store, at: buf, value: 1, expect: { fault: [demand-zero, reuse] } }',
      'fault: expected demand-zero, reuse, actual demand-zero',
    ],
    ['{ do: load, at: 0, expect: { fault: none } }', 'fault: expected none, actual SIGSEGV SEGV_MAPERR'],
    ['{ do: load, at: 0, expect: { value: 1 } }', 'value: expected 1, actual SIGSEGV SEGV_MAPERR'],
    ['{ do: load, at: buf, expect: { signal: SIGBUS } }', 'signal: expected SIGBUS, actual none'],
    ['{ do: munmap, at: 1, length: 1, expect: { errno: ok } }', 'errno: expected ok, actual EINVAL'],
    ['{ do: check, expect: { resident: { buf: 1 } } }', 'resident.buf: expected 1, actual 0'],
    [
      '{ do: check, expect: { resident: { buf..buf+4KiB: { min: 1 } } } }',
      'resident.buf..buf+4KiB: expected at least 1, actual 0',
    ],
    [
      '{ do: check, expect: { maps: ["buf..buf+4KiB rw-p"] } }',
      'maps: expected buf..buf+4KiB rw-p, actual buf..buf+0x2000 rw-p anon',
    ],
    ['{ do: check, expect: { counters: { forks: { min: 1, max: 2 } } } }', 'counters.forks: expected 1 to 2, actual 0'],
    ['{ do: store, at: buf, value: 1, expect: { evicted: buf } }', 'evicted: expected buf, actual none'],
  ] as const)('%s', ([step, complaint]) => {
    const result = failing(`  - ${step}`);
    expect(complaints(result)).toEqual([complaint]);
    expect(result.status).toBe('failed');
    expect(result.passed).toBe(false);
    expect(result.expectations).toEqual({ held: 0, failed: 1 });
  });

  it('say why, from the events, in symbols', () => {
    const [failure] = failures(
      failing('  - { do: store, at: buf+0x1004, value: 1, expect: { fault: copy-on-write } }'),
    );
    expect(failure?.explanation.join('\n')).toMatch(/store at buf\+0x1004 faulted \(.*\); resolved as demand-zero: /);
    expect(failure?.range).toMatchObject({ line: 6, column: 61 });
  });

  it('an unexpected signal is recorded, and no failure; the steps after it are', () => {
    const result = run('  - { do: load, at: 0 }\n  - { do: load, at: 0 }');
    expect(result.steps[0]?.outcome.kind).toBe('signal');
    expect(complaints(result)).toEqual([
      expect.stringMatching(
        /^step: expected a step that can run, actual no process is running: `main` was killed by SIGSEGV/,
      ),
    ]);
  });

  it('a name whose mmap failed has no value', () => {
    const result = run(`  - { do: mmap, as: big, length: "0x7fffffffffffffff" }\n  - { do: load, at: big }`);
    expect(complaints(result)[0]).toMatch(/`big` has no value: the mmap that should bind it answered ENOMEM/);
  });
});

describe('limits and options', () => {
  const loop =
    '  - { do: mmap, as: buf, length: 4KiB }\n  - { do: for, var: i, below: 12000, steps: [{ do: store, at: buf, value: i, expect: { minor: 0 } }] }';

  it('a long loop keeps its first steps and those that failed', () => {
    const result = run(loop, { events: false, invariants: 'off' });
    expect(result.stepsRun).toBe(12_001);
    expect(result.steps.length).toBe(10_000);
    expect(complaints(result)).toEqual(['minor: expected 0, actual 1']);
    expect(result.expectations).toEqual({ held: 11_999, failed: 1 });
  });

  it('keep says which', () => {
    const options = { events: false, invariants: 'off' } as const;
    expect(run(loop, { ...options, keep: 'none' }).steps).toEqual([]);
    expect(run(loop, { ...options, keep: 'failed' }).steps.map(({ index }) => index)).toEqual([1]);
  });

  it('the step limit stops the run, and a run just as long is whole', () => {
    const steps = '  - { do: repeat, times: 10, steps: [{ do: comment, note: again }] }';
    expect(run(steps, { maxSteps: 9 })).toMatchObject({ status: 'step-limit', passed: false, stepsRun: 9 });
    expect(run(steps, { maxSteps: 10 })).toMatchObject({ status: 'held', stepsRun: 10 });
  });

  it('onStep sees each step, and stopAtStep leaves the final expectations out', () => {
    const seen: string[] = [];
    const result = runScenarioText(DESIGN_EXAMPLE, { onStep: (step) => seen.push(step.do), stopAtStep: 3 });
    expect(seen).toEqual(['spawn', 'mmap', 'store']);
    expect(result.final).toEqual([]);
  });

  it('without events the faults can still be expected', () => {
    const steps =
      '  - { do: mmap, as: buf, length: 4KiB }\n  - { do: store, at: buf, value: 1, expect: { faults: 1, minor: 1 } }\n  - { do: touch, at: buf, length: 1, expect: { fault: none } }';
    const result = run(steps, { events: false });
    held(result);
    expect(result.steps.every((step) => step.events.length === 0)).toBe(true);
  });

  it('the seed can be overridden', () => {
    expect(run('  - { do: check }', { seed: 99 }).seed).toBe(99);
  });

  it('the same scenario and seed give the same result', () => {
    const machine = 'memory: 1MiB, aslr: true, replacement: random, residentPages: 3, swap: 64KiB';
    const steps =
      '  - { do: mmap, as: buf, length: 32KiB }\n  - { do: repeat, times: 5, steps: [{ do: touch, at: buf, length: 32KiB }] }';
    expect(run(steps, { machine, seed: 5 })).toEqual(run(steps, { machine, seed: 5 }));
    expect(run(steps, { machine, seed: 5 }).symbols).not.toEqual(run(steps, { machine, seed: 6 }).symbols);
  });

  it('mistakes in the text are thrown, all of them', () => {
    expect(() => runScenarioText('version: 1\nname: x\nsteps: [{ do: lod }, { do: stor }]\n')).toThrow(InputErrors);
  });
});
