/** What /proc shows here against what a real Linux 6.18 showed of the same program (test/fixtures/proc). */
import { describe, expect, it } from 'vitest';
import { fixedAreas, PAGE, recording, runRecordedProgram } from './recorded-program.ts';

const real = recording();
const { machine, process, children, before } = runRecordedProgram();
const { proc } = machine;

/** `Key:	value` or `Key: value` of each line. */
function fields(text: string): Map<string, string> {
  const lines = text.trimEnd().split('\n');
  return new Map(
    lines.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon), line.slice(colon + 1)];
    }),
  );
}

const kib = (text: string, key: string): number => Number.parseInt(fields(text).get(key)!, 10);

it('maps are the same, line for line', () => {
  const lines = fixedAreas(real.get('maps')!);
  expect(lines).toHaveLength(21);
  expect(fixedAreas(proc.maps(process))).toEqual(lines);
});

it('smaps are the same, figure for figure', () => {
  const ours = fixedAreas(proc.smaps(process));
  for (const [index, entry] of fixedAreas(real.get('smaps')!).entries()) expect(ours[index]).toBe(entry);
});

it('smaps_rollup has the same lines', () => {
  const shape = (text: string) =>
    text.replace(/^[0-9a-f]+-[0-9a-f]+ (.*?) +\[/, '$1 [').replaceAll(/ +\d+ kB/g, (value) => `${value.length}`);
  expect(shape(proc.smapsRollup(process))).toBe(shape(real.get('smaps_rollup')!));
});

describe('status', () => {
  const now = proc.status(process);

  it('has the same keys, in the same order and notation', () => {
    const shape = (text: string) =>
      text
        .replace(/^Groups:\t.*$/m, 'Groups:')
        .replace(/^(Speculation.*):\t.*$/gm, '$1')
        .replaceAll(/\d+ kB/g, 'n kB')
        .replaceAll(/( +)n kB/g, ' n kB')
        .replace(/^Cpus_allowed(_list)?:\t.*$/gm, '')
        .replaceAll(/(?<=\t)\d+(\/\d+)?$/gm, 'n')
        .replaceAll(/\t\d+(?=\t)/g, '\tn')
        .replaceAll(/(?<=^(Sig|Shd|Cap)\w+:\t)[0-9a-fn]+$/gm, 'mask')
        .replace(/^State:\t.*$/m, 'State');
    expect(shape(now)).toBe(shape(real.get('status')!));
    const widths = (text: string) => [...text.matchAll(/\t *\d+ kB$/gm)].map(([value]) => value.length);
    expect(widths(now)).toEqual(widths(real.get('status')!));
  });

  it.for(['VmSize', 'VmLck', 'RssAnon', 'RssShmem', 'VmData', 'VmStk', 'VmPTE', 'VmSwap', 'HugetlbPages'])(
    '%s grew by as much',
    (key) => {
      const grown = kib(real.get('status')!, key) - kib(real.get('status before')!, key);
      expect(kib(now, key) - kib(before, key)).toBe(grown);
    },
  );

  it('remembers its peaks', () => {
    const passed = (text: string) => kib(text, 'VmPeak') - kib(text, 'VmSize');
    expect(passed(now)).toBe(passed(real.get('status')!));
    expect(kib(now, 'VmHWM') - kib(now, 'VmRSS')).toBe((16 * PAGE) / 1024);
  });
});

it.for([
  [0x10000000, 8],
  [0x20000000, 4],
  [0x40000000, 3],
  [0x41000000, 2],
])('pagemap of %i has the same bits', ([address, pages]) => {
  const hex = [...proc.pagemap(process, address!, pages! * PAGE)].map((value) => value.toString(16).padStart(16, '0'));
  // Which frame it is, is each machine's own; guard markers are the same number everywhere.
  const withoutFrame = (value: string) => (value.startsWith('4') ? value : `${value.slice(0, 4)}${'.'.repeat(12)}`);
  const expected = real
    .get(`pagemap ${address!.toString(16)}`)!
    .trimEnd()
    .split('\n');
  expect(hex.map(withoutFrame)).toEqual(expected.map(withoutFrame));
});

it('statm and oom_score_adj', () => {
  expect(proc.statm(process)).toMatch(/^\d+ \d+ \d+ \d+ 0 \d+ 0\n$/);
  const [size, resident] = proc.statm(process).split(' ').map(Number);
  expect([size! * 4, resident! * 4]).toEqual([kib(proc.status(process), 'VmSize'), kib(proc.status(process), 'VmRSS')]);
  expect(proc.read(`/proc/${process.pid}/oom_score_adj`)).toBe(real.get('oom_score_adj'));
});

it('a zombie has what a zombie has', () => {
  const [child] = children;
  machine.kill(child, 'SIGKILL');
  expect(proc.maps(child)).toBe(real.get('zombie maps'));
  expect(proc.smaps(child)).toBe(real.get('zombie smaps'));
  expect(proc.statm(child)).toBe(real.get('zombie statm'));
  expect(proc.oomScore(child)).toBe(real.get('zombie oom_score'));
  expect([...fields(proc.status(child)).keys()]).toEqual([...fields(real.get('zombie status')!).keys()]);
  expect(() => proc.smapsRollup(child)).toThrow('ESRCH');
  expect(() => proc.pagemap(child, 0, PAGE)).toThrow('ESRCH');
});
