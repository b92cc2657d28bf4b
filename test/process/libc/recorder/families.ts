/** Seeded programs by what they exercise. The same numbers give the same programs, always. */
import { Script, type Sequence } from './script.ts';

/** Programs with their blocks' sizes drawn by `size`; about `steps` mallocs and frees, `most` blocks alive at once. */
function churn(script: Script, steps: number, most: number, size: (script: Script) => number): void {
  for (let step = 0; step < steps; step++) {
    const grow = script.live.size === 0 || (script.live.size < most && script.between(0, 99) < 55);
    if (grow) script.malloc(size(script));
    else script.free(script.pickLive());
    if (script.oneIn(40)) script.look();
  }
}

/** As a program that frees much at once and allocates again: lists get long. */
function waves(script: Script, count: number, blocks: number, size: (script: Script) => number): void {
  for (let wave = 0; wave < count; wave++) {
    for (let block = 0; block < blocks; block++) script.malloc(size(script));
    const order = script.pick(['forward', 'backward', 'random'] as const);
    if (script.oneIn(2)) {
      script.freeAll(order);
    } else {
      for (let block = 0; block < blocks - 2; block++) script.free(script.pickLive());
    }
    script.look();
  }
}

function tcache(script: Script): void {
  const sizes = Array.from({ length: script.between(1, 6) }, () => script.between(0, 1032));
  const size = (): number => script.pick(sizes);
  if (script.oneIn(3)) waves(script, 3, 12, size);
  else churn(script, 110, 20, size);
}

function fastbins(script: Script): void {
  const size = (): number => script.pick([0, 8, 24, 25, 40, 56, 72, 88, 104, 120]);
  waves(script, script.between(2, 3), script.between(20, 35), size);
  churn(script, 40, 20, size);
}

function smallBins(script: Script): void {
  const base = script.between(130, 900);
  const size = (): number => base + 16 * script.between(0, script.pick([0, 1, 3])) + script.between(0, 8);
  waves(script, script.between(2, 3), script.between(18, 30), size);
  churn(script, 40, 30, size);
  script.malloc(script.between(1000, 3000));
  churn(script, 20, 30, () => script.between(16, 400));
}

function largeBins(script: Script): void {
  const most = script.pick([4000, 20_000, 100_000, 126_000]);
  const size = (): number => (script.oneIn(4) ? script.between(16, 200) : script.sizeBetween(1024, most));
  churn(script, 90, 24, size);
  // Several chunks of one size in one list: the skip list's second row.
  const equal = script.between(1100, 3000);
  const apart: number[] = [];
  for (let index = 0; index < 5; index++) {
    apart.push(script.malloc(equal));
    script.malloc(24);
  }
  for (const slot of apart) script.free(slot);
  script.malloc(script.between(3500, 30_000));
  script.look();
  churn(script, 25, 30, size);
}

function mixed(script: Script): void {
  const most = script.pick([500, 5000, 60_000, 300_000]);
  for (let step = 0; step < 130; step++) {
    const choice = script.between(0, 99);
    if (script.live.size === 0 || (choice < 45 && script.live.size < 40)) script.malloc(script.sizeBetween(0, most));
    else if (choice < 52) script.calloc(script.between(1, 9), script.sizeBetween(0, most / 9));
    else if (choice < 64) script.realloc(script.pickLive(), script.sizeBetween(1, most));
    else if (choice < 66) script.emit('usable', script.pickLive());
    else script.free(script.pickLive());
  }
  if (script.oneIn(2)) script.freeAll();
}

function reallocs(script: Script): void {
  const most = script.pick([200, 3000, 50_000, 120_000]);
  for (let index = 0; index < 6; index++) script.malloc(script.sizeBetween(1, most));
  for (let step = 0; step < 60; step++) {
    const slot = script.pickLive();
    const old = script.live.get(slot)!;
    const choice = script.between(0, 9);
    if (choice < 3) script.realloc(slot, old + script.sizeBetween(1, most / 2));
    else if (choice < 6) script.realloc(slot, Math.max(1, old - script.sizeBetween(1, most / 2)));
    else if (choice < 7) script.realloc(slot, script.sizeBetween(1, most));
    else if (choice < 8 && script.live.size > 3) script.free(slot);
    else if (script.oneIn(8) && script.live.size > 3) script.realloc(slot, 0);
    else script.malloc(script.sizeBetween(1, most));
    if (script.oneIn(20)) script.look();
  }
}

function callocs(script: Script): void {
  const most = script.pick([60, 400, 4000, 150_000]);
  for (let step = 0; step < 70; step++) {
    const choice = script.between(0, 9);
    if (script.live.size === 0 || choice < 3) script.malloc(script.sizeBetween(0, most));
    else if (choice < 6) script.calloc(script.between(0, 5), script.sizeBetween(0, most / 3));
    else script.free(script.pickLive());
    if (script.oneIn(25)) script.look();
  }
  script.emit('calloc', 900, '0x100000001', '0x100000001');
  script.emit('calloc', 901, '0x7fffffffffffffff', 2);
}

/** Around the threshold for blocks of their own mapping, which grows with what is freed. */
function mapped(script: Script): void {
  const edges = [131_040, 131_048, 131_056, 131_064, 131_072, 135_000, 200_000, 500_000, 1_000_000, 3_000_000];
  const size = (): number =>
    script.oneIn(3) ? script.pick(edges) + script.between(0, 40) : script.sizeBetween(1000, 6_000_000);
  for (let step = 0; step < 60; step++) {
    const choice = script.between(0, 19);
    if (script.live.size === 0 || (choice < 9 && script.live.size < 10)) script.malloc(size());
    else if (choice < 12) script.realloc(script.pickLive(), size());
    else if (choice < 13) script.calloc(1, size());
    else script.free(script.pickLive());
    if (script.oneIn(12)) script.look();
  }
  if (script.oneIn(3)) {
    // At and above the threshold's own limit.
    const huge = script.malloc(script.pick([33_550_000, 33_554_432, 33_558_000, 40_000_000]));
    script.free(huge);
    script.free(script.malloc(33_000_000));
    script.look();
  }
  script.emit(
    'malloc',
    900,
    script.pick(['0x7fffffffffffffff', '0x8000000000000000', '0xffffffffffffffff', '0x7fffffffffffffe0']),
  );
  script.emit('realloc', script.live.size > 0 ? script.pickLive() : 901, '0x7ffffffffffff000');
  if (script.oneIn(2)) script.freeAll();
}

function trimming(script: Script): void {
  for (let step = 0; step < 50; step++) {
    const choice = script.between(0, 19);
    if (script.live.size === 0 || (choice < 8 && script.live.size < 25))
      script.malloc(script.sizeBetween(2000, 130_000));
    else if (choice < 9) script.emit('trim', script.pick([0, 0, 1, 4096, 70_000, 1_000_000]));
    else if (choice < 10 && script.oneIn(3)) script.emit('sbrk', script.pick([4096, 8192, 65_536, 16, 100, 5000]));
    else script.free(script.pickLive());
    if (script.oneIn(10)) script.look();
  }
  script.freeAll(script.pick(['forward', 'backward', 'random']));
  script.emit('trim', script.pick([0, 10_000]));
  script.look();
  script.malloc(100);
}

function memaligns(script: Script): void {
  const most = script.pick([100, 1500, 20_000]);
  for (let step = 0; step < 70; step++) {
    const choice = script.between(0, 9);
    const alignment = script.oneIn(8) ? script.pick([0, 3, 24, 48, 100]) : 2 ** script.between(0, 13);
    if (script.live.size === 0 || choice < 4) script.memalign(alignment, script.sizeBetween(0, most));
    else if (choice < 6) script.malloc(script.sizeBetween(0, most));
    else if (choice < 7) script.realloc(script.pickLive(), script.sizeBetween(1, most));
    else script.free(script.pickLive());
    if (script.oneIn(20)) script.look();
  }
  // A mapping of its own: the gap in front is told in the header.
  const large = script.memalign(2 ** script.between(4, 12), script.between(150_000, 400_000));
  script.emit('load', large, -8);
  script.emit('load', large, -16);
  script.look();
  script.free(large);
  script.emit('memalign', 900, '0x8000000000000001', 16);
  script.emit('memalign', 901, 64, '0xfffffffffffffff0');
}

/** Fast chunks are merged when a large request, a large free, a trim or a statistic asks for it. */
function consolidation(script: Script): void {
  const fast = (): number => script.pick([16, 24, 40, 56, 72, 88, 104]);
  for (let round = 0; round < 3; round++) {
    for (let block = 0; block < script.between(25, 40); block++) script.malloc(fast());
    for (let block = 0; block < 20; block++) script.free(script.pickLive());
    script.look();
    const cause = script.between(0, 4);
    if (cause === 0) script.malloc(script.between(1024, 5000));
    else if (cause === 1) script.free(script.malloc(script.between(66_000, 100_000)));
    else if (cause === 2) script.emit('trim', 0);
    else if (cause === 3) script.emit('mallopt', 1, script.pick([0, 64, 128]));
    else script.calloc(1, script.between(1500, 3000));
    script.look();
    churn(script, 15, 60, () => script.between(16, 500));
  }
}

const M_MXFAST = 1;
const M_TRIM_THRESHOLD = -1;
const M_TOP_PAD = -2;
const M_MMAP_THRESHOLD = -3;
const M_MMAP_MAX = -4;
const M_PERTURB = -6;

function options(script: Script): void {
  const set = (): void => {
    const parameter = script.pick([M_MXFAST, M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_THRESHOLD, M_MMAP_MAX, M_PERTURB, 99]);
    const values: Record<number, readonly number[]> = {
      [M_MXFAST]: [0, 1, 16, 40, 64, 80, 128, 160, 161, 200],
      [M_TRIM_THRESHOLD]: [0, 4096, 50_000, 1_000_000, -1],
      [M_TOP_PAD]: [0, 1, 4096, 100_000, 1_000_000],
      [M_MMAP_THRESHOLD]: [0, 1000, 10_000, 100_000, 1_000_000, 33_554_432, 33_554_433],
      [M_MMAP_MAX]: [0, 1, 3, 65_536],
      [M_PERTURB]: [0, 0x5a, 0xff, 0x1a5],
    };
    script.emit('mallopt', parameter, script.pick(values[parameter] ?? [1]));
  };
  if (script.oneIn(2)) set();
  for (let step = 0; step < 70; step++) {
    const choice = script.between(0, 19);
    if (choice < 1) set();
    else if (script.live.size === 0 || (choice < 9 && script.live.size < 30)) {
      // What a fresh block holds is part of the promise only under M_PERTURB; its last bytes were never a link.
      script.malloc(script.oneIn(2) ? script.sizeBetween(0, 200) : script.sizeBetween(0, 200_000));
    } else if (choice < 11) script.calloc(script.between(1, 3), script.sizeBetween(1, 3000));
    else if (choice < 12) script.realloc(script.pickLive(), script.sizeBetween(1, 20_000));
    else script.free(script.pickLive());
    if (script.oneIn(15)) script.look();
  }
}

/**
 * M_PERTURB makes the contents of fresh and freed blocks a matter of record, all but the first 32 bytes, where links lie,
 * and the last 8. A used block between any two keeps them from being merged, which would leave links in the middle.
 */
function perturbed(script: Script): void {
  script.emit('mallopt', M_PERTURB, script.between(1, 255));
  const size = script.pick([48, 104, 136, 600, 1400]);
  const inner = [32, size - 40];
  let slot = 1000;
  const blocks: number[] = [];
  for (let round = 0; round < 60; round++) {
    const choice = script.between(0, 9);
    if (choice < 5 || blocks.length === 0) {
      blocks.push(slot);
      if (choice === 0) script.emit('calloc', slot, 1, size);
      else if (choice === 1) script.emit('memalign', slot, 64, size);
      else script.emit('malloc', slot, size);
      script.emit('sum', slot, ...inner);
      script.emit('malloc', slot + 1, 24);
      slot += 2;
    } else {
      const freed = blocks.splice(script.between(0, blocks.length - 1), 1)[0]!;
      if (script.oneIn(2)) script.emit('fill', freed, 0, size, 0x77);
      script.emit('free', freed);
      script.emit('sum', freed, ...inner);
    }
  }
}

/**
 * Thousands of free chunks. One request looks at 10,000 unsorted chunks at most, and the rest stays unsorted; small ones
 * make rings and skip lists long.
 */
function many(script: Script): void {
  const count = script.pick([3000, 12_000, 20_600]);
  const size = script.pick([1040, 1056, 1200]);
  script.emit('mallocs', 1000, count, size);
  script.malloc(24);
  script.emit('frees', 1000, Math.floor(count / 2), 2);
  script.look();
  for (let step = 0; step < 6; step++) {
    script.malloc(script.pick([200, 1030, size, 2000]));
    script.emit('info');
  }
  script.emit('frees', 1001, Math.floor(count / 4), 2);
  script.malloc(3000);
  script.emit('info');
  script.emit('trim', 0);
  script.emit('frees', 1001 + 2 * Math.floor(count / 4), Math.floor(count / 4), 2);
  script.freeAll();
}

type Family = (script: Script) => void;

const FAMILIES: readonly (readonly [name: string, count: number, write: Family])[] = [
  ['tcache', 16, tcache],
  ['fastbin', 16, fastbins],
  ['smallbin', 20, smallBins],
  ['largebin', 24, largeBins],
  ['mixed', 36, mixed],
  ['realloc', 24, reallocs],
  ['calloc', 16, callocs],
  ['mmap', 24, mapped],
  ['trim', 20, trimming],
  ['memalign', 20, memaligns],
  ['consolidate', 16, consolidation],
  ['mallopt', 24, options],
  ['perturb', 8, perturbed],
  ['many', 6, many],
];

/** All programs without corruption. `seed` moves all of them: other programs of the same kinds. */
export function healthySequences(seed = 0): Map<string, Sequence[]> {
  const families = new Map<string, Sequence[]>();
  for (const [index, [name, count, write]] of FAMILIES.entries()) {
    const sequences: Sequence[] = [];
    for (let number = 0; number < count; number++) {
      const script = new Script(seed * 1_000_003 + index * 1000 + number + 1);
      write(script);
      sequences.push(script.sequence(`${name}-${number}`));
    }
    families.set(name, sequences);
  }
  return families;
}
