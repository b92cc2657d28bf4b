/** The rules of Linux's reclaim, each under the name of the kernel function that has it. */
import { describe, expect, test } from 'vitest';
import { judge } from '../../src/kernel/reclaim/judge.ts';
import { EXECUTABLE, ReplayedPages } from '../../src/kernel/reclaim/page-facts.ts';
import { isRecent, packShadow, unpackShadow } from '../../src/kernel/reclaim/refault.ts';
import { isInactiveLow, type ScanControl, scanCounts } from '../../src/kernel/reclaim/scan-counts.ts';

const NO_BITS = { testAndClear: () => false, peek: () => false };

/** One page, with whatever properties a case needs. */
class OnePage extends ReplayedPages {
  file = false;
  locked = false;
  dirty = false;
  uses = 0;
  cleaned = 0;

  constructor(properties: Partial<OnePage>) {
    super(NO_BITS);
    Object.assign(this, properties);
  }

  override isFile(): boolean {
    return this.file;
  }

  override isLocked(): boolean {
    return this.locked;
  }

  override isDirtyFile(): boolean {
    return this.dirty;
  }

  override clean(): void {
    this.cleaned++;
  }

  override takeReferences(): number {
    return this.uses;
  }
}

describe('folio_check_references', () => {
  test.for([
    ['an anonymous page that nothing used leaves', {}, false, 'take'],
    ['an anonymous page that one mapping used gets another round', { uses: 1 }, false, 'stay'],
    ['found used a second time it is active', { uses: 1 }, true, 'activate'],
    ['two mappings that used it count as twice', { uses: 2 }, false, 'activate'],
    ['used once, long ago: it leaves', {}, true, 'take'],
    ['a page of a file that one mapping used gets another round', { file: true, uses: 1 }, false, 'stay'],
    ['code of a file is active at its first use', { file: true, uses: 1 + EXECUTABLE }, false, 'activate'],
    ['executable anonymous memory is not', { uses: 1 + EXECUTABLE }, false, 'stay'],
    ['a clean page of a file that a system call used leaves', { file: true }, true, 'take'],
    ['a dirty one does not, and is written', { file: true, dirty: true }, true, 'stay'],
    ['a dirty page of a file is activated until it is written', { file: true, dirty: true }, false, 'activate'],
    ['a locked page goes to the unevictable ones', { locked: true }, false, 'activate'],
  ] as const)('%s', ([, properties, marked, verdict]) => {
    const page = new OnePage(properties);
    if (marked) page.setReferenced(0);
    expect(judge(page, 0, -1)).toBe(verdict);
    expect(page.cleaned).toBe('dirty' in properties ? 1 : 0);
    // Used pages are marked for the next look; marks that were looked at are gone.
    expect(page.testAndClearReferenced(0)).toBe('uses' in properties);
  });
});

const CONTROL: ScanControl = {
  priority: 12,
  swappiness: 60,
  canSwap: true,
  forGroup: false,
  fileIsTiny: false,
  trimsCache: false,
  anonCost: 0,
  fileCost: 0,
};
const SIZES = { inactiveAnon: 40960, activeAnon: 8192, inactiveFile: 81920, activeFile: 4096 };

describe('get_scan_count', () => {
  test.for([
    ['the first pass looks at a 4096th, 60 : 140 of it', {}, [3, 0, 14, 0]],
    ['priority 8: sixteen times as much', { priority: 8 }, [48, 9, 224, 11]],
    ['swappiness 100: both alike', { priority: 8, swappiness: 100 }, [80, 16, 160, 8]],
    ['swappiness 200: anonymous pages only', { priority: 8, swappiness: 200 }, [160, 32, 0, 0]],
    ['swappiness 0: files only', { priority: 8, swappiness: 0 }, [0, 0, 320, 16]],
    ['no swap: files only', { priority: 8, canSwap: false }, [0, 0, 320, 16]],
    ['no swap: files only, also at last', { priority: 0, canSwap: false }, [0, 0, 81920, 4096]],
    ['at last: everything', { priority: 0 }, [40960, 8192, 81920, 4096]],
    ['at last with swappiness 0: files', { priority: 0, swappiness: 0 }, [0, 0, 81920, 4096]],
    ['a group with swappiness 0 never swaps', { priority: 0, swappiness: 0, forGroup: true }, [0, 0, 81920, 4096]],
    ['hardly any files: anonymous pages', { priority: 8, fileIsTiny: true }, [160, 32, 0, 0]],
    ['inactive files enough: those', { priority: 8, trimsCache: true }, [0, 0, 320, 16]],
    // total 100; anon 200, file 100: ap = 60 * 301 / 201 = 89, fp = 140 * 301 / 101 = 417
    ['anonymous pages that keep coming back cost them less', { priority: 8, anonCost: 100 }, [28, 5, 263, 13]],
    // anon 100, file 200: ap = 60 * 301 / 101 = 178, fp = 140 * 301 / 201 = 209
    ['files that keep coming back, the other way', { priority: 8, fileCost: 100 }, [73, 14, 172, 8]],
  ] as const)('%s', ([, change, counts]) => {
    expect(scanCounts({ ...CONTROL, ...change }, SIZES)).toEqual(counts);
  });
});

describe('inactive_is_low', () => {
  const GIB_PAGES = 2 ** 18;
  test.for([
    ['below 1 GiB as many inactive as active ones', 100, 100, false],
    ['one more active one is too many', 100, 101, true],
    ['10 GiB: one in eleven', GIB_PAGES, 9 * GIB_PAGES, false],
    ['20 GiB: one in fifteen is too few', GIB_PAGES, 19 * GIB_PAGES, true],
    ['none of either', 0, 0, false],
  ] as const)('%s', ([, inactive, active, low]) => {
    expect(isInactiveLow(inactive, active, 4096)).toBe(low);
  });
});

describe('workingset_test_recent', () => {
  const sizes = { inactiveAnon: 1, activeAnon: 10, inactiveFile: 100, activeFile: 1000 };
  test.for([
    ['a file competes with active files and all anonymous memory', true, true, 1011],
    ['without swap with active files alone', true, false, 1000],
    ['anonymous memory competes with all files and what of it is active', false, true, 1110],
    ['without swap with the files', false, false, 1100],
  ] as const)('%s', ([, isFile, canSwap, limit]) => {
    expect(isRecent(limit, isFile, sizes, canSwap)).toBe(true);
    expect(isRecent(limit + 1, isFile, sizes, canSwap)).toBe(false);
  });
});

test.for([
  { age: 0, workingset: false, group: 0 },
  { age: 0, workingset: true, group: 255 },
  { age: 2 ** 40, workingset: true, group: 7 },
])('pack_shadow and unpack_shadow: $age, $workingset, $group', (shadow) => {
  expect(packShadow(shadow)).toBeGreaterThan(0);
  expect(unpackShadow(packShadow(shadow))).toEqual(shadow);
});
