/** The kernel's log: its clock, its report in events; /proc/PID/oom_score_adj. */
import { describe, expect, it } from 'vitest';
import { during, MAP_ANONYMOUS, MAP_PRIVATE, Machine, PROT_READ, PROT_WRITE, type Process } from '../../src/index.ts';

const PAGE = 4096;
const RW = PROT_READ | PROT_WRITE;
const FLAGS = MAP_PRIVATE | MAP_ANONYMOUS;

const timeOf = (line: string): number => Number(/^\[ *(\d+\.\d{6})\] /.exec(line)![1]);
const logTimes = (machine: Machine): number[] => machine.kernelLog.filter((line) => line[0] === '[').map(timeOf);

/** Stores until memory is used up and somebody is killed. */
function fill(machine: Machine, process: Process): void {
  const length = 1 << 20;
  const at = machine.mmap(process, { length, prot: RW, flags: FLAGS });
  for (let page = at; page < at + length && machine.kernel.counters.oomKills === 0; page += PAGE) {
    machine.store(process, page, 1);
  }
}

describe('its time', () => {
  it('is what was done, when nobody ticks', () => {
    const machine = new Machine({ memory: 256 * 1024, overcommit: 1 });
    const shell = machine.spawn({ name: 'shell' });
    machine.kernel.log.append('first');
    fill(machine, shell);
    const { accesses, syscalls } = machine.counters();
    const times = logTimes(machine);
    expect(times[0]).toBe(0);
    expect(times.at(-1)).toBeGreaterThan(0.00003);
    expect(times.at(-1)).toBeLessThanOrEqual((accesses + syscalls) / 1e6);
  });

  it('begins a second with each step and never goes back', () => {
    const machine = new Machine({ memory: 256 * 1024, overcommit: 1 });
    const shell = machine.spawn({ name: 'shell' });
    const at = machine.mmap(shell, { length: PAGE, prot: RW, flags: FLAGS });
    for (let step = 1; step <= 3; step++) {
      machine.tick();
      machine.kernel.log.append('at the start');
      machine.load(shell, at, 1);
      machine.kernel.log.append('after a load');
    }
    const loads = machine.kernelLog.map(timeOf);
    expect(loads.map(Math.floor)).toEqual([1, 1, 2, 2, 3, 3]);
    expect(loads[0]).toBe(1);
    expect(loads[1]).toBeGreaterThan(1);
    expect(loads).toEqual([...loads].sort((left, right) => left - right));
  });

  it('is the same again after a snapshot is restored', () => {
    const machine = new Machine({ memory: 256 * 1024, overcommit: 1 });
    machine.spawn({ name: 'shell' });
    machine.tick();
    const before = machine.snapshot();
    const run = () => {
      fill(machine, machine.process('shell')!);
      return machine.kernelLog;
    };
    const first = run();
    machine.restore(before);
    expect(run()).toEqual(first);
    expect(first.length).toBeGreaterThan(20);
  });
});

it('the OomKill event has the report, without the times', () => {
  const machine = new Machine({ memory: 256 * 1024, overcommit: 1 });
  const shell = machine.spawn({ name: 'shell' });
  machine.kernel.log.append('something before');
  const { events } = during(machine, () => fill(machine, shell));
  const report = events.flatMap((event) => (event.type === 'OomKill' ? event.report! : []));
  const logged = machine.kernelLog.slice(1);
  expect(report.length).toBe(logged.length);
  expect(logged.every((line, index) => line.endsWith(report[index]!))).toBe(true);
  expect(report[0]).toMatch(/^shell invoked oom-killer/);
  expect(report.at(-1)).toMatch(/^Out of memory: Killed process 1 \(shell\)/);
});

describe('oom_score_adj', () => {
  const setUp = () => {
    const machine = new Machine({ memory: 256 * 1024, overcommit: 1 });
    return { machine, shell: machine.spawn({ name: 'shell' }) };
  };
  const text = (machine: Machine, process: Process) => machine.proc.read(`/proc/${process.pid}/oom_score_adj`);

  it('an ordinary process raises it and takes that back, and goes no lower', () => {
    const { machine, shell } = setUp();
    expect([500, 0, -1].map((value) => machine.calls.setOomScoreAdj(shell, value))).toEqual([0, 0, -13]);
    expect(text(machine, shell)).toBe('0\n');
  });

  it('root sets any value, below which nobody else goes; a child has both', () => {
    const { machine, shell } = setUp();
    expect(machine.calls.setOomScoreAdj(shell, -500, { isPrivileged: true })).toBe(0);
    const child = machine.fork(shell) as Process;
    expect(text(machine, child)).toBe('-500\n');
    expect([100, -500, -501].map((value) => machine.calls.setOomScoreAdj(child, value))).toEqual([0, 0, -13]);
  });

  it.each([-1001, 1001])('%d is EINVAL, for root as well', (value) => {
    const { machine, shell } = setUp();
    expect(machine.calls.setOomScoreAdj(shell, value, { isPrivileged: true })).toBe(-22);
  });
});
