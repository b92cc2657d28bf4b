/** The published access times of exercises.md G, each by options alone. */
import { describe, expect, it } from 'vitest';
import { accessTimes, parseCostModel } from '../../src/trace/cost-model.ts';

const times = (settings: string, faultRatio = 0) =>
  accessTimes(parseCostModel(settings.split(' ')), { faultRatio, dirty: null });
const SILBERSCHATZ = 'memory=200ns service=8ms again=nothing';
const JHU =
  'memory=100ns tlb=5ns tlbHit=0.98 levels=1 service=100us swapIn=10ms swapOut=10ms dirty=0.5 restart=20us again=walk';
const GATE = 'memory=150ns tlbHit=0.9 service=8ms again=access cpu=100ns accesses=2 faultRatio=0.00005';

describe('published access times', () => {
  it.each([
    ['G1 80 %', 'memory=100ns tlb=20ns tlbHit=0.8', 0, 140],
    ['G1 98 %', 'memory=100ns tlb=20ns tlbHit=0.98', 0, 122],
    ['G1, tenth edition, 80 %', 'memory=10ns tlbHit=0.8', 0, 12],
    ['G1, tenth edition, 99 %', 'memory=10ns tlbHit=0.99', 0, 10.1],
    ['G2 without faults', SILBERSCHATZ, 0, 200],
    ['G2 one fault in a thousand', SILBERSCHATZ, 0.001, 8199.8],
    ['G2 only faults', SILBERSCHATZ, 1, 8_000_000],
    ['G3 10 %', 'memory=100ns service=10ms again=access', 0.1, 1_000_100],
    ['G3 0.1 %', 'memory=100ns service=10ms again=access', 0.001, 10_100],
    ['G4 without faults', JHU, 0, 107],
    ['G4 only faults', JHU, 1, 15_120_205],
    ['G4 one in a thousand', JHU, 0.001, 107 * 0.999 + 15_120.205],
  ])('%s', (_name, settings, faultRatio, effective) => {
    expect(times(settings, faultRatio).effective).toBeCloseTo(effective, 6);
  });

  it('G2: less than 10 % slower below one fault in 400,000', () => {
    expect(times(SILBERSCHATZ, 2.5e-6).effective).toBeLessThan(220);
    expect(times(SILBERSCHATZ, 2.6e-6).effective).toBeGreaterThan(220);
  });

  it.each([
    ['both accesses to the table', 2, 1260],
    ['one of them, as in the official key', 1, 1230],
  ])('G6: %s', (_name, levels, instruction) => {
    expect(times(`${GATE} levels=${levels}`).instruction).toBeCloseTo(instruction, 6);
  });
});

describe('the model', () => {
  it('takes what was measured where it is not told', () => {
    const model = parseCostModel(['memory=0', 'service=0', 'swapOut=10us']);
    expect(accessTimes(model, { faultRatio: 0.5, dirty: 0.5 }).effective).toBe(2500);
    expect(accessTimes(model, { faultRatio: 0.5, dirty: null }).effective).toBe(0);
  });

  it.each([
    ['memroy=1ns', 'did you mean `memory`?'],
    ['memory=100', 'times take ns'],
    ['memory=-1ns', 'times take ns'],
    ['memory', 'times take ns'],
    ['tlbHit=80', 'from 0 to 1'],
    ['dirty=5ns', 'from 0 to 1'],
    ['levels=ten', 'from 0 to 1000'],
    ['again=maybe', 'walk, access, nothing'],
  ])('%s is refused', (setting, hint) => {
    expect(() => parseCostModel([setting])).toThrowError(
      expect.objectContaining({ code: 'MEM-TRC-050', hint: expect.stringContaining(hint) as string }),
    );
  });
});
