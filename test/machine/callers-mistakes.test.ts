/** What a caller of the library gets wrong is told apart from what Linux refuses: InputError with a hint, no errno. */
import { describe, expect, it } from 'vitest';
import {
  type InputError,
  MADV_DONTNEED,
  MAP_ANONYMOUS,
  MAP_PRIVATE,
  Machine,
  type MachineConfig,
  PROT_READ,
  PROT_WRITE,
  type SpeltAdvice,
  type SpeltResource,
} from '../../src/index.ts';

const PAGE = 4096;
const RW = PROT_READ | PROT_WRITE;

function boot(config: Partial<MachineConfig> = {}) {
  const machine = new Machine({ paging: 'x86_64', memory: 1 << 20, ...config });
  const shell = machine.spawn({ name: 'shell' });
  const at = machine.mmap(shell, { length: 4 * PAGE, prot: RW, flags: MAP_PRIVATE | MAP_ANONYMOUS });
  machine.store(shell, at, 7);
  return { machine, shell, at };
}

/** Code and hint of what the action throws. */
function mistake(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    const { code, hint } = error as InputError;
    return `${code} ${hint}`;
  }
  return 'nothing thrown';
}

describe('names', () => {
  it.each(['DONTNEED', 'dontneed', 'MADV_DONTNEED', 'madv_dontneed', MADV_DONTNEED] as const)('advice %s', (advice) => {
    const { machine, shell, at } = boot();
    expect(machine.calls.madvise(shell, at, PAGE, advice)).toBe(0);
    expect(machine.load(shell, at, 1).bytes).toEqual(Uint8Array.of(0));
  });

  it.each(['MEMLOCK', 'memlock', 'RLIMIT_MEMLOCK', 'rlimit_memlock'] as const)('limit %s', (resource) => {
    const { machine, shell } = boot();
    expect(machine.calls.setrlimit(shell, resource, PAGE)).toBe(0);
    expect(shell.limits.memlock).toBe(PAGE);
  });

  it('that there are not', () => {
    const { machine, shell, at } = boot();
    const { calls, files } = machine;
    expect(mistake(() => calls.madvise(shell, at, PAGE, 'dontned' as SpeltAdvice))).toBe(
      'MEM-API-026 did you mean `DONTNEED`?',
    );
    expect(mistake(() => calls.setrlimit(shell, 'RLIMIT_MEMLOK' as SpeltResource, 0))).toBe(
      'MEM-API-026 did you mean `MEMLOCK`?',
    );
    expect(mistake(() => files.create('x', 'ext4' as 'disk'))).toBe('MEM-API-026 known kinds of files: tmpfs, disk');
    expect(files.truncate('x', 0)).toBe(-2);
    expect(mistake(() => calls.madvise(shell, at, PAGE, undefined as unknown as number))).toMatch(/^MEM-API-026 known/);
    // A number is what the process says: Linux answers.
    expect(calls.madvise(shell, at, PAGE, 5)).toBe(-22);
  });
});

describe('numbers', () => {
  it.each([Number.NaN, 1.5, undefined, 'x'])('%s is none', (value) => {
    const { machine, shell, at } = boot();
    const { calls, groups } = machine;
    const bad = value as number;
    const actions = [
      () => calls.setrlimit(shell, 'AS', bad),
      () => calls.madvise(shell, at, PAGE, Number(bad)),
      () => calls.fallocate(shell, 3, bad, 0, PAGE),
      () => calls.msync(shell, at, PAGE, bad),
      () => calls.mlockall(shell, bad),
      () => calls.fsync(shell, bad),
      () => calls.poke(shell, at, bad),
      () => calls.setOomScoreAdj(shell, bad),
      () => machine.mmap(shell, { length: PAGE, prot: bad, flags: MAP_PRIVATE | MAP_ANONYMOUS }),
      () => machine.mmap(shell, { length: PAGE, prot: RW, flags: bad }),
      () => machine.mprotect(shell, at, PAGE, bad),
      () => machine.sysctl.set('swappiness', bad),
      () => groups.setLimit('web', bad),
      () => groups.setSwappiness('web', bad),
    ];
    const found = actions.map((action) => mistake(action).slice(0, 11));
    expect(found).toEqual(actions.map(() => 'MEM-API-008'));
    expect(shell.limits.addressSpace).toBe(Number.POSITIVE_INFINITY);
  });

  it('-1 is no limit, as RLIM_INFINITY is', () => {
    const { machine, shell } = boot();
    expect(machine.calls.setrlimit(shell, 'FSIZE', 0)).toBe(0);
    expect(machine.calls.setrlimit(shell, 'FSIZE', -1)).toBe(0);
    expect(shell.limits.fileSize).toBe(Number.POSITIVE_INFINITY);
  });
});

describe('options and names of files', () => {
  it.each([
    [{ access: 'rw' }, 'MEM-API-027 known options: canRead, canWrite, isPath'],
    [{ canread: true }, 'MEM-API-027 did you mean `canRead`?'],
    [{ canRead: 'yes' }, 'MEM-API-027 leave it out for its default'],
    ['rw', 'MEM-API-027 its keys are canRead, canWrite, isPath'],
  ])('open with %j', (options, expected) => {
    const { machine, shell } = boot();
    machine.files.create('f', 'tmpfs');
    expect(mistake(() => machine.calls.open(shell, 'f', options as object))).toBe(expected);
    expect(machine.calls.open(shell, 'f', { canRead: true })).toBe(3);
  });

  it('mremap with a key that it has not', () => {
    const { machine, shell, at } = boot();
    const options = { address: at, oldLength: PAGE, newLength: PAGE, newAdress: 0 };
    expect(mistake(() => machine.calls.mremap(shell, options))).toBe('MEM-API-027 did you mean `newAddress`?');
  });

  it('a file without a name, bytes that are none', () => {
    const { machine } = boot();
    expect(mistake(() => machine.files.create('', 'disk'))).toMatch(/^MEM-API-028/);
    expect(mistake(() => machine.files.create(7 as unknown as string, 'disk'))).toMatch(/^MEM-API-028/);
    machine.files.create('f', 'disk');
    expect(mistake(() => machine.files.write('f', 0, 'text' as unknown as Uint8Array))).toMatch(/^MEM-API-028 pass a/);
  });
});

describe('sysctl', () => {
  it('is set from the start, read and written', () => {
    const { machine, shell } = boot({ sysctl: { max_map_count: 5, swappiness: 1 } });
    const { sysctl } = machine;
    expect([sysctl.get('max_map_count'), sysctl.get('swappiness'), sysctl.get('overcommit_ratio')]).toEqual([5, 1, 50]);
    const flags = MAP_PRIVATE | MAP_ANONYMOUS;
    const more = () => machine.mmap(shell, { length: PAGE, prot: PROT_READ, flags });
    expect(more()).toBe(-12);
    expect(sysctl.set('max_map_count', 100)).toBe(0);
    expect(more()).toBeGreaterThan(0);
    expect(sysctl.set('swappiness', 201)).toBe(-22);
    expect(sysctl.get('swappiness')).toBe(1);
    expect(mistake(() => sysctl.get('swapiness' as 'swappiness'))).toBe('MEM-API-026 did you mean `swappiness`?');
  });

  it('comes back with a snapshot', () => {
    const { machine } = boot();
    const before = machine.snapshot();
    machine.sysctl.set('swappiness', 5);
    machine.restore(before);
    expect(machine.sysctl.get('swappiness')).toBe(60);
    machine.sysctl.set('swappiness', 6);
    expect(machine.kernel.sysctl.swappiness).toBe(6);
  });

  it.each([
    [{ swapiness: 1 }, 'MEM-CFG-008', 'did you mean `swappiness`?'],
    [{ swappiness: 201 }, 'MEM-CFG-002', "write sysctl: { 'swappiness': 0 }"],
    [{ swappiness: '60' }, 'MEM-CFG-002', "write sysctl: { 'swappiness': 0 }"],
    [7, 'MEM-CFG-002', 'write sysctl: { swappiness: 60 }'],
  ])('%j is refused by the configuration', (sysctl, code, hint) => {
    let errors: readonly InputError[] = [];
    try {
      boot({ sysctl: sysctl as object });
    } catch (error) {
      errors = (error as { errors: readonly InputError[] }).errors;
    }
    expect(errors.map((error) => [error.code, error.hint])).toEqual([[code, hint]]);
  });
});
