/** Without --seed every command draws the same lots. */
import { expect, it } from 'vitest';
import { cli } from './fake-io.ts';

it('random faults as often in all commands that replay a trace', async () => {
  const files = { t: `${Array.from({ length: 400 }, (_, at) => (at * at) % 37).join(',')}\n` };
  const json = async (argv: readonly string[]) => JSON.parse((await cli([...argv, '--json'], { files })).out);
  const simulated = (await json(['trace', 'simulate', 't', '-p', 'random', '-f', '5'])).rows[0].faults;
  expect(simulated).toBeGreaterThan(37);
  const run = await json(['trace', 'run', 't', '-p', 'random', '-f', '5']);
  expect(run.faults.minor + run.faults.major).toBe(simulated);
  const curve = await json(['mrc', 't', '-p', 'random', '--sizes', '5']);
  expect(curve.curves[0].points[0].misses).toBe(simulated);
  const other = await json(['trace', 'simulate', 't', '-p', 'random', '-f', '5', '--seed', '1']);
  expect(other.rows[0].faults).not.toBe(simulated);
});
