/** Steps that call functions of a program: arguments, names, threads, what they answer and print, and expectations that fail. */
import { describe, expect, it } from 'vitest';
import { loadScenario } from '../../src/scenario/load.ts';
import type { StepResult } from '../../src/scenario/result.ts';
import { runScenarioText } from '../../src/scenario/run.ts';
import { ScenarioSession } from '../../src/scenario/session.ts';

const text = (...steps: string[]): string =>
  [
    'version: 1',
    'name: x',
    'machine: { paging: x86_64, memory: 8MiB }',
    'steps:',
    ...steps.map((each) => `  - ${each}`),
    '',
  ].join('\n');
const run = (...steps: string[]) => runScenarioText(text(...steps), { file: 'x.yaml', invariants: 'every-step' });
const PYTHON = "{ do: spawn, process: app, python: '3.11' }";

/** The run's last step; the run must be sound. */
function last(...steps: string[]): StepResult {
  const result = run(...steps);
  expect(result.invariants).toEqual([]);
  return result.steps.at(-1)!;
}
/** `heap.blocks: 2, not 1` for each expectation that failed. */
const failed = (step: StepResult): string[] =>
  step.expectations
    .filter(({ held }) => !held)
    .map(({ what, expected, actual }) => `${what}: ${expected}, not ${actual}`);

describe('arguments', () => {
  it('a size of more than 64 bits is none, a negative one is what C makes of it', () => {
    const beyond = last(PYTHON, '{ do: malloc, size: 0xffffffffffffffff+11, as: p }');
    expect(beyond.outcome).toMatchObject({ kind: 'dead', why: expect.stringContaining('a size has 64 bits') });
    for (const size of ['-1', '0xffffffffffffffff']) {
      expect(last(PYTHON, `{ do: malloc, size: ${size}, as: p }`).outcome).toEqual({ kind: 'pointer', address: 0 });
    }
  });

  it('sizes beyond 2^53 are exact, and refused by every allocator', () => {
    const [c, py] = ['malloc', 'PyMem_Malloc'].map((name) =>
      last(PYTHON, `{ do: ${name}, size: "0xffffffffffffffff", as: p, expect: { result: NULL } }`),
    );
    expect([c?.outcome, py?.outcome]).toEqual([
      { kind: 'pointer', address: 0 },
      { kind: 'pointer', address: 0 },
    ]);
  });

  it('a product that overflows is NULL, and PY_SSIZE_T_MAX is the last that is tried', () => {
    const step = last(
      PYTHON,
      '{ do: PyMem_Calloc, nelem: "0x8000000000000000", elsize: 2, as: p, expect: { result: NULL } }',
    );
    expect(failed(step)).toEqual([]);
    expect(
      failed(last('{ do: calloc, nmemb: "0x100000000", size: "0x100000001", as: p, expect: { result: block } }')),
    ).toEqual(['result: "block", not "NULL"']);
  });

  it('what is left out has its default', () => {
    // The page that is begun stays; a pad larger than the heap leaves nothing to trim.
    const trim = (pad: string) => last('{ do: malloc, size: 10, as: p }', `{ do: malloc_trim${pad} }`).outcome;
    expect(trim('')).toEqual({ kind: 'answer', text: '1' });
    expect(trim(', pad: 1MiB')).toEqual({ kind: 'answer', text: '0' });
    const { outcome } = last(PYTHON, '{ do: tracemalloc.start }', '{ do: tracemalloc.get_traceback_limit }');
    expect(outcome).toEqual({ kind: 'answer', text: '1' });
  });

  it('expressions and loop variables are evaluated', () => {
    const step = last(
      '{ do: malloc, size: 24, as: first }',
      '{ do: for, var: i, below: 4, steps: [{ do: malloc, size: 24+i*0, as: p, expect: { address: first+(i+1)*32 } }] }',
    );
    expect(failed(step)).toEqual([]);
  });
});

describe('names', () => {
  it('a name of NULL may be freed, and a store through it is a null pointer', () => {
    const result = run(
      '{ do: malloc, size: "0xffffffffffffffff", as: p }',
      '{ do: free, ptr: p }',
      '{ do: store, at: p, value: 1, expect: { signal: SIGSEGV, address: 0 } }',
    );
    expect(result.status).toBe('held');
  });

  it('a call that a signal ends binds nothing, and who uses the name is told why', () => {
    expect(last('{ do: free, ptr: 16 }').outcome).toMatchObject({ kind: 'signal', info: { signal: 'SIGSEGV' } });
    const survived = run(
      '{ do: spawn, process: app, signals: survive }',
      '{ do: malloc, size: 24, as: q }',
      '{ do: realloc, ptr: q+8, size: 100, as: r, expect: { signal: SIGABRT, prints: "realloc(): invalid pointer\\n" } }',
      '{ do: load, at: r }',
    );
    expect(failed(survived.steps[2]!)).toEqual([]);
    expect(survived.steps[3]?.outcome).toMatchObject({
      kind: 'dead',
      why: expect.stringMatching(/`r`.*realloc.*SIGABRT/),
    });
  });
});

describe('threads', () => {
  it('`thread` stays the one that runs', () => {
    const result = run(
      "{ do: spawn, process: app, python: { version: '3.11', PYTHONMALLOC: debug } }",
      '{ do: pthread_create, name: worker }',
      '{ do: PyGILState_Check, thread: worker, expect: { result: 0 } }',
      '{ do: PyMem_RawMalloc, size: 8, as: p, expect: { result: block } }',
      '{ do: PyGILState_Check, expect: { result: 0 } }',
      '{ do: PyGILState_Check, thread: main, expect: { result: 1 } }',
    );
    expect(result.status).toBe('held');
  });

  it('without hooks a call without the GIL is remarked on, not stopped', () => {
    const step = last(
      PYTHON,
      '{ do: pthread_create, name: worker }',
      '{ do: PyMem_Malloc, thread: worker, size: 8, as: p }',
    );
    expect(step.outcome.kind).toBe('pointer');
    expect(step.remarks).toEqual(['PyMem_Malloc was called without holding the GIL: only debug hooks notice']);
  });
});

describe('expectations that fail say what there was', () => {
  it.for([
    ['{ result: block }', 'result: "block", not "NULL"'],
    ['{ result: 5 }', 'result: 5, not "NULL"'],
    ['{ prints: "x" }', 'prints: "x", not ""'],
    ['{ prints: [a, b] }', 'prints: … "a" …, not ""'],
    ['{ address: 16 }', 'address: 0x10, not 0x0'],
    ['{ heap: { blocks: 1 } }', 'heap.blocks: 1, not 0'],
    ['{ heap: { bytes: 1KiB } }', 'heap.bytes: 1024, not 0'],
    ['{ heap: { arenas: { min: 1 } } }', 'heap.arenas: at least 1, not 0'],
    ['{ heap: { whole: false } }', 'heap.whole: broken, not whole'],
    ['{ signal: SIGABRT }', 'signal: SIGABRT, not none'],
  ] as const)('%s', ([expectation, told]) => {
    expect(failed(last(`{ do: malloc, size: "0x8000000000000000", as: p, expect: ${expectation} }`))).toEqual([told]);
  });

  it('errors and leaks', () => {
    const { steps } = run(
      '{ do: spawn, process: app, memcheck: true }',
      '{ do: malloc, size: 8, as: p }',
      '{ do: store, at: p+8, value: 1, size: 1, expect: { errors: none } }',
      '{ do: load, at: p, size: 1, expect: { errors: [invalid-read, invalid-read] } }',
      '{ do: exit, expect: { leaks: none } }',
    );
    expect(steps.flatMap(failed)).toEqual([
      'errors: none, not invalid-write',
      'errors: invalid-read, invalid-read, not none',
      'leaks: none, not 8 bytes in 1 blocks',
    ]);
  });
});

describe('a program that breaks its own heap is not taken for a bug', () => {
  const BROKEN = '{ do: check, expect: { heap: { whole: false } } }';
  it.for([
    [
      'writes over the size of a chunk',
      ['{ do: malloc, size: 24, as: p }', '{ do: store, at: p-8, value: 7, size: 8 }', BROKEN],
    ],
    [
      'frees a block of pymalloc twice',
      [
        PYTHON,
        '{ do: PyMem_Malloc, size: 24, as: p }',
        '{ do: PyMem_Free, ptr: p }',
        '{ do: PyMem_Free, ptr: p }',
        BROKEN,
      ],
    ],
    [
      'unmaps an arena',
      [PYTHON, '{ do: PyMem_Malloc, size: 24, as: p }', '{ do: munmap, at: p-48, length: 16KiB }', BROKEN],
    ],
    [
      'installs hooks over live blocks',
      [PYTHON, '{ do: PyMem_Malloc, size: 24, as: p }', '{ do: PyMem_SetupDebugHooks }', '{ do: check }'],
    ],
  ] as const)('%s', ([, steps]) => {
    const result = run(...steps);
    expect([result.status, result.invariants]).toEqual(['held', []]);
  });
});

describe('a Python that does not start', () => {
  it('tells why at its spawn, and takes no step', () => {
    const result = run(
      "{ do: spawn, process: app, python: { version: '3.7', PYTHONMALLOC: xyz }, expect: { exitCode: 0, prints: [Unknown] } }",
    );
    expect(failed(result.steps[0]!)).toEqual(['exitCode: 0, not 1']);
    expect(result.steps[0]?.printed).toBe(
      'Fatal Python error: _Py_InitializeCore_impl: Unknown PYTHONMALLOC allocator\n\n',
    );
  });
});

it('stepping back over malloc and free gives the same bytes again', () => {
  const steps = [
    PYTHON,
    '{ do: malloc, size: 100, as: p }',
    '{ do: PyObject_Malloc, size: 40, as: q }',
    '{ do: store, at: q, text: "some bytes" }',
    '{ do: PyObject_Free, ptr: q }',
    '{ do: free, ptr: p }',
    '{ do: PyObject_Malloc, size: 600, as: r }',
  ];
  const session = new ScenarioSession(loadScenario(text(...steps), 'x.yaml'));
  const views = [session.view()];
  while (session.next() !== null) views.push(session.view());
  expect(views).toHaveLength(steps.length + 1);
  for (let at = views.length - 1; at >= 0; at--) {
    session.goTo(at);
    expect(session.view()).toEqual(views[at]);
  }
  while (session.next() !== null);
  expect(session.view()).toEqual(views.at(-1));
});
