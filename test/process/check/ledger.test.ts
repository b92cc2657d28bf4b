/** The notebook against a naive one: random calls, every question after each. */
import { expect, it } from 'vitest';
import { AddressOrder } from '../../../src/process/check/address-order.ts';
import { BlockLedger } from '../../../src/process/check/ledger.ts';

const at = { step: 0, frame: null };

/** A small generator of its own: the same sequence on every run. */
function random(seed: number) {
  let state = seed;
  return (below: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

it('keeps thousands of things in order through splits and joins of chunks', () => {
  const order = new AddressOrder<{ address: number }>();
  const naive = new Set<number>();
  const next = random(3);
  for (let turn = 0; turn < 12_000; turn++) {
    const address = next(4000);
    // It grows, then shrinks to nothing much.
    if (next(10) < (turn < 6000 ? 8 : 2)) {
      expect(order.put({ address }) !== null).toBe(naive.has(address));
      naive.add(address);
    } else expect(order.remove(address) !== null).toBe(naive.delete(address));
    if (turn % 1000 !== 999) continue;
    const sorted = [...naive].sort((a, b) => a - b);
    expect(order.list().map((thing) => thing.address)).toEqual(sorted);
    expect(order.size).toBe(sorted.length);
    for (let place = -1; place < 4001; place += 7) {
      expect(order.before(place)?.address).toBe(sorted.findLast((known) => known <= place));
      expect(order.after(place)?.address).toBe(sorted.find((known) => known > place));
      expect(order.at(place)?.address).toBe(naive.has(place) ? place : undefined);
    }
  }
});

it('tells of each byte which block had it last, unless a block was given it since', () => {
  const ledger = new BlockLedger();
  const last = new Array<string | null>(400).fill(null);
  const live = new Map<number, number>();
  const next = random(9);
  for (let turn = 0; turn < 3000; turn++) {
    const address = next(380);
    const size = 1 + next(20);
    const known = live.get(address);
    if (known !== undefined) {
      ledger.release(address, `free ${turn}`, at);
      live.delete(address);
      last.fill(`free ${turn}`, address, address + known);
    } else if ([...live].every(([start, bytes]) => start >= address + size || start + bytes <= address)) {
      ledger.note({ address, size, by: 'malloc', family: 'libc', at });
      live.set(address, size);
      last.fill(null, address, address + size);
    }
    if (turn % 50 !== 49) continue;
    expect(last.map((_, place) => ledger.freedAround(place)?.block.freedBy ?? null)).toEqual(last);
    expect(ledger.liveBytes).toBe([...live.values()].reduce((sum, bytes) => sum + bytes, 0));
    expect(ledger.liveBlocks).toBe(live.size);
  }
});

it('a copy goes its own way, and only so many freed blocks are remembered', () => {
  const ledger = new BlockLedger();
  const block = (address: number) => ({ address, size: 8, by: 'malloc', family: 'libc', at });
  for (let index = 0; index <= 10_000; index++) {
    ledger.note(block(index * 16));
    ledger.release(index * 16, 'free', at);
  }
  expect(ledger.freedAround(0)).toBeNull();
  expect(ledger.freedAround(16)).not.toBeNull();
  const copy = ledger.copy();
  copy.note(block(16));
  expect(copy.freedAround(16)).toBeNull();
  expect(ledger.freedAround(16)).not.toBeNull();
  expect(ledger.at(16)).toBeNull();
});
