import { describe, expect, it } from 'vitest';
import { MEM, OBJ, RAW } from '../../../src/process/python/allocator-record.ts';
import { startedProgram } from './python-program.ts';

describe('the GIL', () => {
  it('is the main thread’s at the start, and one thread’s at a time', () => {
    const { python } = startedProgram();
    const { threads } = python;
    expect(threads.holdsGil()).toBe(true);
    threads.spawn('worker');
    expect(threads.runAs('worker')).toBe(true);
    expect(threads.holdsGil()).toBe(false);
    expect(threads.ensure()).toBe('blocked');
    threads.runAs('main');
    const state = threads.saveThread();
    threads.runAs('worker');
    expect(threads.ensure()).toBe('unlocked');
    expect(threads.ensure()).toBe('locked');
    expect(threads.holdsGil()).toBe(true);
    threads.runAs('main');
    expect(threads.restoreThread(state)).toBe('blocked');
    threads.runAs('worker');
    threads.release('locked');
    expect(threads.holdsGil()).toBe(true);
    threads.release('unlocked');
    expect(threads.holdsGil()).toBe(false);
    threads.runAs('main');
    expect(threads.restoreThread(state)).toBe('taken');
    expect(threads.holdsGil()).toBe(true);
  });

  it('a foreign thread has a thread state only between Ensure and Release', () => {
    const { python, memory } = startedProgram();
    const { threads } = python;
    threads.spawn('C', 'foreign');
    const hasState = (): boolean => threads.list(memory).find(({ name }) => name === 'C')!.hasState;
    threads.saveThread();
    threads.runAs('C');
    expect(hasState()).toBe(false);
    expect(threads.ensure()).toBe('unlocked');
    expect(hasState()).toBe(true);
    threads.release('unlocked');
    expect(hasState()).toBe(false);
    expect(threads.holder()).toBe(0);
  });

  it('mem and obj calls without it are counted, raw ones are not', () => {
    const { python } = startedProgram();
    python.threads.saveThread();
    python.free(RAW, python.malloc(RAW, 8));
    python.malloc(RAW, 8);
    expect(python.gilMisuse).toBe(0);
    python.free(MEM, python.malloc(MEM, 8));
    python.calloc(OBJ, 1, 600);
    expect(python.gilMisuse).toBe(3);
  });
});

describe('threads', () => {
  it('have stacks of their own, in which their ident lies', () => {
    const { python, memory, process } = startedProgram();
    const { threads } = python;
    const { stackTop } = process.space!;
    const before = process.space!.totalPages;
    threads.spawn('one');
    threads.spawn('two');
    const [two, one, main] = threads.list(memory);
    expect([two!.name, one!.name, main!.name]).toEqual(['two', 'one', 'main']);
    expect(main!.ident).toBe(threads.ident());
    expect(main!.ident).toBeGreaterThan(stackTop - 0x1000);
    expect(main!.ident).toBeLessThan(stackTop);
    for (const { ident } of [one!, two!]) expect(memory.load64(ident)).toBe(ident);
    expect(process.space!.areas.find(one!.ident)!.start).toBeLessThanOrEqual(one!.ident);
    expect(threads.end('one')).toBe(true);
    expect(threads.list(memory).map(({ name }) => name)).toEqual(['two', 'main']);
    threads.runAs('two');
    expect(threads.end('two')).toBe(true);
    expect(process.space!.totalPages).toBe(before);
    expect(threads.list(memory)).toEqual([expect.objectContaining({ name: 'main', isRunning: true, holdsGil: true })]);
    expect([threads.end('main'), threads.end('two'), threads.runAs('two')]).toEqual([false, false, false]);
  });

  it('one that ends with the GIL frees it', () => {
    const { python } = startedProgram();
    const { threads } = python;
    threads.spawn('w');
    threads.saveThread();
    threads.runAs('w');
    threads.ensure();
    expect(threads.end('w')).toBe(true);
    expect(threads.holder()).toBe(0);
  });

  it('names may be any text', () => {
    const { python, memory } = startedProgram();
    python.threads.spawn('Größe 🧵');
    expect(python.threads.runAs('Größe 🧵')).toBe(true);
    expect(python.threads.list(memory)[0]!.name).toBe('Größe 🧵');
  });
});

// Texts as the libpython of each version wrote them.
describe('misuse is fatal', () => {
  const TSTATE_NULL =
    'the function must be called with the GIL held, but the GIL is released (the current Python thread state is NULL)';
  const TSTATE_NULL_12 = TSTATE_NULL.replace(
    ' held,',
    ' held, after Python initialization and before Python finalization,',
  );

  it.each([
    ['2.7', 'PyEval_SaveThread: NULL tstate'],
    ['3.7', 'PyEval_SaveThread: NULL tstate'],
    ['3.8', 'PyEval_SaveThread: NULL tstate'],
    ['3.9', `PyEval_SaveThread: ${TSTATE_NULL}`],
    ['3.11', `PyEval_SaveThread: ${TSTATE_NULL}`],
    ['3.12', `PyEval_SaveThread: ${TSTATE_NULL_12}`],
  ])('PyEval_SaveThread twice in %s', (version, message) => {
    const { python, signalOf, stderr } = startedProgram(version);
    python.threads.saveThread();
    expect(signalOf(() => python.threads.saveThread())).toBe('SIGABRT');
    expect(stderr().split('\n')[0]).toBe(`Fatal Python error: ${message}`);
  });

  it('3.13 reads the thread state at NULL instead', () => {
    const { python, signalOf, stderr } = startedProgram('3.13');
    python.threads.saveThread();
    expect(signalOf(() => python.threads.saveThread())).toBe('SIGSEGV');
    expect(stderr()).toBe('');
  });

  it.each([
    ['3.8', 'PyEval_RestoreThread: NULL tstate'],
    ['3.11', `PyEval_RestoreThread: ${TSTATE_NULL}`],
    ['3.13', `PyEval_RestoreThread: ${TSTATE_NULL_12}`],
  ])('PyEval_RestoreThread(NULL) in %s', (version, message) => {
    const { python, signalOf, stderr } = startedProgram(version);
    python.threads.saveThread();
    expect(signalOf(() => python.threads.restoreThread(0))).toBe('SIGABRT');
    expect(stderr().split('\n')[0]).toBe(`Fatal Python error: ${message}`);
  });

  it.each([
    ['3.8', () => 'This thread state must be current when releasing'],
    ['3.11', (tstate: string) => `PyGILState_Release: thread state ${tstate} must be current when releasing`],
  ])('PyGILState_Release without the GIL in %s', (version, message) => {
    const { python, signalOf, stderr } = startedProgram(version);
    const tstate = `0x${python.threads.saveThread().toString(16)}`;
    expect(signalOf(() => python.threads.release('unlocked'))).toBe('SIGABRT');
    expect(stderr().split('\n')[0]).toBe(`Fatal Python error: ${message(tstate)}`);
  });

  it('PyGILState_Release by a thread that Python does not know: no thread is the current one', () => {
    const { python, signalOf, stderr } = startedProgram('3.11');
    python.threads.spawn('C', 'foreign');
    python.threads.saveThread();
    const ident = python.currentThread().toString(16).padStart(16, '0');
    python.threads.runAs('C');
    expect(signalOf(() => python.threads.release('unlocked'))).toBe('SIGABRT');
    expect(stderr()).toBe(
      'Fatal Python error: PyGILState_Release: auto-releasing thread-state, but no thread-state for this thread\n' +
        `Python runtime state: initialized\n\nThread 0x${ident} (most recent call first):\n  <no Python frame>\n`,
    );
  });

  it('the hooks name the thread that called without the GIL, youngest threads first', () => {
    const { python, signalOf, stderr } = startedProgram('3.11', { pythonMalloc: 'debug' });
    python.threads.spawn('worker');
    python.threads.runAs('worker');
    expect(signalOf(() => python.free(OBJ, 0))).toBe('SIGABRT');
    const heads = stderr()
      .split('\n')
      .filter((line) => line.includes('hread 0x'));
    expect(heads.map((line) => line.startsWith('Current'))).toEqual([true, false]);
    expect(stderr()).toContain('_PyMem_DebugFree: Python memory allocator called without holding the GIL');
  });
});
