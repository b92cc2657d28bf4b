/** Costs of a run: with a model of which only one part is left, they are those of the simulation. */
import { describe, expect, it } from 'vitest';
import { STORE } from '../../src/mmu/units.ts';
import { accessTimes, parseCostModel } from '../../src/trace/cost-model.ts';
import { type TraceReport, TraceRun } from '../../src/trace/run.ts';
import { parseRunCosts, runTimes } from '../../src/trace/run-cost.ts';
import { simulateReferences } from '../../src/trace/simulate.ts';

const FRAMES = 32;
/** All else costs nothing. */
const ONLY = ['memory=0', 'service=0', 'minor=0'];

function ran(pages: readonly number[], kind: 'load' | 'store' = 'store'): TraceReport {
  const run = new TraceRun({ residentPages: FRAMES, memory: 64 * 2 ** 20, replacement: 'fifo' });
  run.push(
    new TextEncoder().encode(`kind,address\n${pages.map((page) => `${kind},${(page + 256) * 4096}\n`).join('')}`),
  );
  return run.end();
}

function simulated(pages: readonly number[], settings: readonly string[]): number {
  const kinds = pages.map(() => STORE);
  const { faults, references, writeBacks } = simulateReferences(pages, { policy: 'fifo', frames: FRAMES, kinds });
  const model = parseCostModel(settings.filter((setting) => !setting.startsWith('minor')));
  return accessTimes(model, { faultRatio: faults / references, dirty: writeBacks / faults }).effective;
}

const effective = (report: TraceReport, settings: readonly string[]): number =>
  runTimes(report, parseRunCosts(settings)).effective;

describe('the costs of a run', () => {
  const scan = Array.from({ length: 600 }, (_, page) => page);
  const twice = [...scan, ...scan];

  it('pages written by minor faults are paid for as the simulation does', () => {
    const report = ran(scan);
    expect([report.faults.major, report.swap.writes]).toEqual([0, 600 - FRAMES]);
    const settings = [...ONLY, 'swapOut=10ms'];
    expect(effective(report, settings)).toBeCloseTo((10e6 * (600 - FRAMES)) / 600, 3);
    expect(effective(report, settings)).toBeCloseTo(simulated(scan, settings), 3);
  });

  it('and those of major faults', () => {
    const report = ran(twice);
    expect([report.faults.major, report.swap.writes]).toEqual([600, 1200 - FRAMES]);
    const settings = [...ONLY, 'swapOut=10ms'];
    expect(effective(report, settings)).toBeCloseTo(simulated(twice, settings), 3);
    // A share of faults, whatever kind they are.
    expect(runTimes(report, parseRunCosts(settings)).dirty).toBeCloseTo((1200 - FRAMES) / 1200, 9);
    expect(effective(report, [...settings, 'dirty=0.5'])).toBeCloseTo(5e6, 3);
  });

  it('a walk is counted once: the one of the restarted access is that of the fault', () => {
    const report = ran(Array.from({ length: 64 }, (_, page) => page));
    const times = runTimes(report, parseRunCosts([]));
    expect(report.walks).toBeGreaterThan(report.accesses);
    expect(times.levels).toBeGreaterThan(3);
    expect(times.levels).toBeLessThanOrEqual(4);
    expect(times.access).toBeLessThanOrEqual(500);
    expect(times.effective).toBeCloseTo(times.access + times.minor, 6);
  });

  it.each([
    ['minor', 'needs a value'],
    ['minor=', 'needs a value'],
    ['minor=5', '`minor` cannot be `5`'],
    ['minor=xms', '`minor` cannot be `xms`'],
  ])('%s is refused', (setting, message) => {
    expect(() => parseRunCosts([setting])).toThrowError(
      expect.objectContaining({ code: 'MEM-TRC-050', message: expect.stringContaining(message) as string }),
    );
    expect(parseRunCosts(['minor= 2us', 'minor=3 us']).minor).toBe(3000);
  });
});
