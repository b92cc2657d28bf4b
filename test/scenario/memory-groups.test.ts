/** Memory groups, the `linux` policy and the figures of /proc, from scenarios. */
import { expect, it } from 'vitest';
import { runScenarioText } from '../../src/scenario/run.ts';

const LINUX = 'machine: { paging: x86_64, memory: 4MiB, swap: 1MiB, swapKind: zswap }';

function held(steps: string, head = LINUX): void {
  const result = runScenarioText(`version: 1\nname: test\n${head}\nsteps:\n${steps}`, { invariants: 'every-step' });
  const failures = [...result.steps.flatMap((step) => step.expectations), ...result.final].filter((one) => !one.held);
  expect(failures.map(({ what, expected, actual }) => `${what}: expected ${expected}, actual ${actual}`)).toEqual([]);
  expect(result.invariants).toEqual([]);
}

it('a group pays for its processes, swaps at its limit, and is emptied', () => {
  held(`
  - { do: spawn, process: app }
  - { do: group_create, group: web, expect: { errno: ok } }
  - { do: group_create, group: web, expect: { errno: EEXIST } }
  - { do: group_move, process: app, group: web, expect: { errno: ok } }
  - { do: group_move, process: app, group: wbe, expect: { errno: ENOENT } }
  - { do: mmap, length: 128KiB, as: buf }
  - { do: touch, at: buf, length: 64KiB, expect: { group: { web: { usage: { min: 64KiB, max: 96KiB }, failcnt: 0 } } } }
  - { do: group_limit, group: web, limit: 64KiB, swappiness: 100, expect: { group: { web: { usage: { max: 64KiB } } } } }
  - { do: touch, at: buf, length: 128KiB, expect: { group: { web: { failcnt: { min: 1 }, oomKills: 0 } }, swapWrites: { min: 16 }, vmstat: { pswpout: 0 } } }
  - { do: reclaim, group: web, expect: { errno: ok, smaps: { buf: { Rss: 0, Swap: 128KiB } }, status: { VmSwap: 128KiB } } }
  - { do: reclaim, group: /, expect: { errno: EINVAL } }
  - { do: group_limit, group: web, limit: infinity, expect: { errno: ok } }
  - { do: load, at: buf, expect: { major: 1 } }
`);
});

it('figures of nothing do not hold; figures that there are not are mistakes', () => {
  const text = (smaps: string) => `version: 1
name: figures
${LINUX}
steps:
  - { do: mmap, length: 4KiB, as: buf }
  - { do: check, expect: { smaps: { ${smaps} }, group: { no: { usage: 0 } } } }
`;
  const [, check] = runScenarioText(text('buf+4KiB: { Rss: 0 }')).steps;
  expect(check?.expectations.map(({ what, actual, held: isHeld }) => [what, actual, isHeld])).toEqual([
    ['smaps.buf+4KiB.Rss', 'nothing is mapped there', false],
    ['group.no.usage', 'the kernel has no such figure', false],
  ]);
  expect(() => runScenarioText(text('buf: { Rzz: 0 }'))).toThrow(/Rzz/);
});
