import { describe, expect, it } from 'vitest';
import { MEM } from '../../../src/process/python/allocator-record.ts';
import { fatalText } from '../../../src/process/python/fatal-error.ts';
import { pythonProfile } from '../../../src/process/python/profiles.ts';
import { startedProgram } from './python-program.ts';

const MESSAGE = 'bad trailing pad byte';
const FRAMES = [
  { file: 'main.py', line: 6, name: 'g' },
  { file: 'main.py', line: 7, name: '<module>' },
];
const base = {
  func: '_PyMem_DebugRawFree',
  message: MESSAGE,
  state: 'initialized',
  finalizer: 0,
  threads: [{ ident: 0x7f0c317fab80, isCurrent: true, frames: FRAMES }],
  extensionModules: ['a', 'b.c'],
} as const;
const text = (version: string, change: object = {}): string =>
  fatalText(pythonProfile(version)!, { ...base, ...change });

describe('the report of a fatal error', () => {
  const traceback =
    '\nCurrent thread 0x00007f0c317fab80 (most recent call first):\n' +
    '  File "main.py", line 6 in g\n  File "main.py", line 7 in <module>\n';

  it('has what its version shows', () => {
    const state = 'Python runtime state: initialized\n';
    expect(text('3.11')).toBe(
      `Fatal Python error: _PyMem_DebugRawFree: ${MESSAGE}\n${state}${traceback}\nExtension modules: a, b.c (total: 2)\n`,
    );
    expect(text('3.9')).toBe(`Fatal Python error: _PyMem_DebugRawFree: ${MESSAGE}\n${state}${traceback}`);
    expect(text('3.8')).toBe(`Fatal Python error: ${MESSAGE}\n${state}${traceback}`);
    expect(text('3.7')).toBe(`Fatal Python error: ${MESSAGE}\n${traceback}`);
    expect(text('2.7')).toBe(`Fatal Python error: ${MESSAGE}\n`);
  });

  // As recorded in debug-hooks.json.gz, whose processes never initialized Python.
  it.each([
    ['3.11', 'Fatal Python error: _PyMem_DebugRawFree: bad trailing pad byte\nPython runtime state: unknown\n\n'],
    ['3.8', 'Fatal Python error: bad trailing pad byte\nPython runtime state: unknown\n\n'],
    ['3.7', 'Fatal Python error: bad trailing pad byte\n\n'],
  ])('ends after the state where nothing is initialized: %s', (version, expected) => {
    expect(text(version, { state: 'unknown' })).toBe(expected);
  });

  // Seen with libpython of each version: a C program whose only thread has no Python frame.
  it.each([
    ['3.6', ''],
    ['3.7', ''],
    ['3.8', '<no Python frame>\n'],
    ['3.9', '<no Python frame>\n'],
    ['3.10', '  <no Python frame>\n'],
    ['3.13', '  <no Python frame>\n'],
  ])('a thread without frames in %s', (version, line) => {
    const threads = [{ ident: 0x10, isCurrent: false, frames: [] }];
    const shown = text(version, { threads, extensionModules: [] });
    expect(shown.endsWith(`\n\nThread 0x0000000000000010 (most recent call first):\n${line}`)).toBe(true);
  });

  it('cuts at a hundred frames and threads, and escapes names', () => {
    const frames = Array.from({ length: 101 }, () => ({ file: 'é.py', line: 1, name: 'f' }));
    const shown = text('3.7', { threads: [{ ident: 1, isCurrent: true, frames }] });
    expect(shown.endsWith('  File "\\xe9.py", line 1 in f\n  ...\n')).toBe(true);
    expect(shown.split('line 1 in').length - 1).toBe(100);
    const threads = Array.from({ length: 101 }, (_, index) => ({ ident: index, isCurrent: false, frames: [] }));
    expect(text('3.7', { threads }).endsWith('(most recent call first):\n\n...\n')).toBe(true);
  });

  it('names the thread state that finalizes', () => {
    expect(text('3.11', { state: 'finalizing', finalizer: 0x55 })).toContain(
      'Python runtime state: finalizing (tstate=0x0000000000000055)\n',
    );
  });
});

describe('a process that dies of one', () => {
  it('writes the report and aborts', () => {
    const { python, signalOf, stderr, process } = startedProgram('3.11', { extensionModules: ['m'] });
    python.callFrames = FRAMES;
    const ident = python.currentThread().toString(16).padStart(16, '0');
    expect(signalOf(() => python.fatalError('f', 'message'))).toBe('SIGABRT');
    expect(stderr()).toBe(
      `Fatal Python error: f: message\nPython runtime state: initialized\n\nCurrent thread 0x${ident} (most recent call first):\n` +
        '  File "main.py", line 6 in g\n  File "main.py", line 7 in <module>\n\nExtension modules: m (total: 1)\n',
    );
    expect([process.state, process.signal]).toEqual(['zombie', 'SIGABRT']);
  });

  it('the hooks find a mem call without the GIL', () => {
    const { python, signalOf, stderr } = startedProgram('3.11', { pythonMalloc: 'debug' });
    python.threads.saveThread();
    expect(signalOf(() => python.malloc(MEM, 1))).toBe('SIGABRT');
    expect(stderr()).toContain(
      'Fatal Python error: _PyMem_DebugMalloc: Python memory allocator called without holding the GIL\n' +
        'Python runtime state: initialized\n\nCurrent thread 0x',
    );
  });
});
