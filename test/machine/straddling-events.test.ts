/** What listeners hear of an access to several pages: each page's translation as it is when the access gets there. */
import { describe, expect, it } from 'vitest';
import { MAP_ANONYMOUS, MAP_PRIVATE, PROT_READ, PROT_WRITE } from '../../src/kernel/linux-abi.ts';
import type { MachineEvent } from '../../src/machine/events.ts';
import { Machine } from '../../src/machine/machine.ts';

const PAGE = 4096;

/** A store of 8 bytes across two pages, of which `touched` were written before and `gone` unmapped. */
function straddle({ touched, gone = [] }: { touched: readonly number[]; gone?: readonly number[] }): string[] {
  const machine = new Machine({ memory: 256 * 1024 });
  const process = machine.spawn({ signals: 'survive' });
  const buffer = machine.mmap(process, {
    length: 2 * PAGE,
    prot: PROT_READ | PROT_WRITE,
    flags: MAP_PRIVATE | MAP_ANONYMOUS,
  });
  for (const page of touched) machine.store(process, buffer + page * PAGE, 1, 1);
  for (const page of gone) machine.munmap(process, buffer + page * PAGE, PAGE);
  const told: string[] = [];
  const pageOf = (address: number): number => Math.floor((address - buffer) / PAGE);
  machine.on((event: MachineEvent) => {
    if (event.type === 'Translate') {
      const { translation, attempt } = event;
      told.push(
        `page ${pageOf(Number(translation.address))} try ${attempt}: ${translation.fault?.levelName ?? 'found'}`,
      );
    }
    if (event.type === 'PageFault' || event.type === 'Signal') told.push(event.type);
  });
  machine.store(process, buffer + PAGE - 4, 7, 8);
  return told;
}

describe('a store across two pages', () => {
  it('both missing: the second is told after the first was mended, and finds its tables', () => {
    expect(straddle({ touched: [] })).toEqual([
      'page 0 try 0: L2',
      'PageFault',
      'page 0 try 1: found',
      'page 1 try 0: L0',
      'PageFault',
      'page 1 try 1: found',
    ]);
  });
  it('both there', () => {
    expect(straddle({ touched: [0, 1] })).toEqual(['page 0 try 0: found', 'page 1 try 0: found']);
  });
  it('the second missing', () => {
    expect(straddle({ touched: [0] })).toEqual([
      'page 0 try 0: found',
      'page 1 try 0: L0',
      'PageFault',
      'page 1 try 1: found',
    ]);
  });
  it('the second refused', () => {
    expect(straddle({ touched: [0, 1], gone: [1] })).toEqual(['page 0 try 0: found', 'page 1 try 0: L0', 'Signal']);
  });
  it('the first refused: the access never gets to the second', () => {
    expect(straddle({ touched: [], gone: [0, 1] })).toEqual(['page 0 try 0: L2', 'Signal']);
  });
});
