/** Chunks that glibc mapped by themselves, in pictures and figures: nobody lists them, their headers tell. */
import { describe, expect, it } from 'vitest';
import { Machine } from '../../../src/machine/machine.ts';
import type { SpawnOptions } from '../../../src/machine/machine-api.ts';
import { heapFigures, heapRegions } from '../../../src/process/check/figures.ts';
import { makeNames } from '../../../src/report/names.ts';
import { PLAIN } from '../../../src/report/style.ts';
import { heapView } from '../../../src/report/views/heap.ts';

const PAGE = 4096;
const pages = (bytes: number) => Math.ceil(bytes / PAGE) * PAGE;

function program(options: SpawnOptions = {}) {
  const machine = new Machine({ paging: 'x86_64', memory: 8 << 20, swap: 0 });
  const process = machine.spawn({ name: 'app', ...options });
  const call = (name: string, ...args: readonly number[]) => Number(machine.call(process, name, args).value);
  call('free', call('malloc', 8));
  const own = machine.programs.require(process);
  const mapped = () => heapRegions(own).filter(({ name }) => name === 'mapped chunk');
  const used = () => mapped().flatMap(({ blocks }) => blocks.filter(({ state }) => state === 'used'));
  return { machine, process, own, call, mapped, used, figures: () => heapFigures(own) };
}

describe('a request above the threshold', () => {
  it('is a region of its own, counted in the figures, gone after free', () => {
    const { call, mapped, used, figures } = program();
    const before = figures();
    const block = call('malloc', 200_000);
    const bytes = pages(200_000 + 24);
    expect(mapped()).toMatchObject([{ start: block - 16, end: block - 16 + bytes }]);
    expect(used()).toMatchObject([{ payload: block, payloadBytes: bytes - 16 }]);
    const now = figures();
    expect(now.bytes - before.bytes).toBe(bytes);
    expect(now.payloadBytes - before.payloadBytes).toBe(bytes - 16);
    expect(now.headerBytes - before.headerBytes).toBe(16);
    expect(now.internalFragmentation - before.internalFragmentation).toBe(bytes - 16 - 200_000);
    call('free', block);
    expect(mapped()).toEqual([]);
    expect(figures()).toEqual(before);
  });

  it.each([
    ['PyMem_RawMalloc', 16, 'PyMem_RawFree'],
    ['PyMem_Malloc', 32, 'PyMem_Free'],
  ])('of %s under debug hooks lies %d bytes behind its payload', (malloc, pads, free) => {
    const { call, mapped, used, figures } = program({ python: { version: '3.9', pythonMalloc: 'debug' } });
    const before = figures();
    expect(mapped()).toEqual([]);
    const block = call(malloc, 200_000);
    const [chunk] = used();
    expect(chunk!.payload).toBe(block - pads);
    const now = figures();
    expect(now.payloadBytes - before.payloadBytes).toBe(chunk!.payloadBytes);
    expect(now.internalFragmentation - before.internalFragmentation).toBe(chunk!.payloadBytes - 200_000);
    call(free, block);
    expect(mapped()).toEqual([]);
    expect(figures()).toEqual(before);
  });

  it('is drawn by inspect, with who holds it', () => {
    const { machine, call } = program({ python: { version: '3.11', pythonMalloc: 'debug' } });
    const block = call('PyObject_Malloc', 200_000);
    const { format } = machine;
    const options = {
      style: PLAIN,
      names: makeNames(new Map(), {}),
      format,
      process: null,
      verbose: true,
      bare: false,
    };
    const text = heapView(machine.view(), options).join('\n');
    expect(text).toContain(`mapped chunk  0x${(block - 48).toString(16)}..`);
    expect(text).toMatch(new RegExp(`in use.* <- 0x${block.toString(16)}, 200,?000 bytes by PyObject_Malloc`));
  });

  it('keeps its region when it is resized, and the child’s after a fork', () => {
    const { machine, process, call, mapped } = program();
    let block = call('malloc', 200_000);
    for (const size of [150_000, 400_000, 1_000_000, 140_000]) {
      block = call('realloc', block, size);
      expect(mapped()).toMatchObject([{ start: block - 16, end: block - 16 + pages(size + 24) }]);
    }
    const child = machine.fork(process);
    if (typeof child === 'number') throw new Error('no child');
    expect(heapRegions(machine.programs.require(child)).map(({ name }) => name)).toContain('mapped chunk');
    call('free', block);
    expect(mapped()).toEqual([]);
    expect(heapRegions(machine.programs.require(child)).map(({ name }) => name)).toContain('mapped chunk');
  });

  it('of memalign is one region, although the header from before is still at its start', () => {
    const { call, mapped, used } = program();
    const block = call('memalign', 16_384, 300_000);
    expect(block % 16_384).toBe(0);
    expect(mapped()).toHaveLength(1);
    expect(mapped()[0]!.blocks.map(({ state }) => state)).toEqual(['lost', 'used']);
    expect(used()).toMatchObject([{ payload: block }]);
  });
});

describe('what is no mapped chunk', () => {
  it('a header that claims more than was mapped', () => {
    const { machine, process, call, mapped } = program();
    const block = call('malloc', 200_000);
    for (const [size, regions] of [
      [(16 << 20) + 2, 0],
      [pages(200_024) + 2, 1],
      [pages(200_024) + 16 + 2, 0],
      [pages(200_024), 0],
    ]) {
      machine.store(process, block - 8, size!, 8);
      expect(mapped()).toHaveLength(regions!);
    }
  });

  it('one that claims what another chunk has', () => {
    const { machine, process, call, mapped } = program();
    const [first, second] = [call('malloc', 200_000), call('malloc', 200_000)].sort((one, other) => one - other);
    const bytes = pages(200_024);
    expect(second! - first!).toBe(bytes);
    machine.store(process, first! - 8, 2 * bytes + 2, 8);
    expect(mapped()).toHaveLength(1);
  });

  it('a block whose bytes look like a header, and arenas', () => {
    const { machine, process, call, mapped } = program({ python: '3.8' });
    const block = call('malloc', 4096);
    for (let at = block; at < block + 4096; at += 16) {
      machine.store(process, at, 0, 8);
      machine.store(process, at + 8, 2 * PAGE + 2, 8);
    }
    call('PyObject_Malloc', 100);
    expect(mapped()).toEqual([]);
  });
});

describe('ranges that allocators got', () => {
  it('follow a mapping that is cut or grows', () => {
    const { own, call } = program();
    let block = call('malloc', 400_000);
    block = call('realloc', block, 150_000);
    const start = block - 16;
    const end = start + pages(150_024);
    expect(own.calls.holds(start, end)).toBe(true);
    expect(own.calls.holds(start, end + 1)).toBe(false);
    expect(own.calls.touches(end, end + PAGE)).toBe(false);
    block = call('realloc', block, 800_000);
    expect(own.calls.holds(block - 16, block - 16 + pages(800_024))).toBe(true);
    call('free', block);
    expect(own.calls.touches(block - 16, block - 16 + pages(800_024))).toBe(false);
    expect(own.calls.starts).not.toContain(block - 16);
  });
});
