/**
 * Random damage: healthy programs in which size fields are overwritten now and then. Whatever the library makes of it
 * (carries on with a bent heap, aborts with one message or another, faults) the emulation must make too.
 *
 * Blocks are filled with a byte of their own, so what a wrong size lets the library read is the same in every run; only
 * what freed blocks hold (mangled links, the thread's key) is not. `record.ts` drops programs whose outcome depends on it.
 */
import { Script, type Sequence } from './script.ts';

const SIZES = [24, 40, 88, 120, 200, 500, 1032, 1100, 1500, 2600];
const FLAGS = [0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2];

function damage(script: Script): void {
  const slot = script.pickLive();
  const size = script.live.get(slot)!;
  const next = Math.max(32, (size + 8 + 15) & ~15);
  const choice = script.between(0, 5);
  const other = Math.max(32, (script.pick(SIZES) + 8 + 15) & ~15);
  if (choice === 0) script.emit('store', slot, -8, other + script.pick(FLAGS));
  else if (choice === 1) script.emit('store', slot, next - 8, other + script.pick(FLAGS));
  else if (choice === 2) script.emit('store8', slot, next - 8, script.between(0, 255));
  else if (choice === 3) script.emit('store', slot, next - 16, other);
  else if (choice === 4) script.emit('store', slot, -16, other);
  else script.emit('fill', slot, size, script.between(1, 24), script.pick([0, 0x41, 0x51, 0xff]));
}

export function damagedSequence(seed: number, name: string): Sequence {
  const script = new Script(seed);
  const sizes = Array.from({ length: 4 }, () => script.pick(SIZES));
  const first = script.between(10, 40);
  for (let step = 0; step < 90; step++) {
    const choice = script.between(0, 99);
    if (script.live.size < 4 || (choice < 45 && script.live.size < 40)) script.malloc(script.pick(sizes));
    else if (choice < 50) script.realloc(script.pickLive(), script.pick(SIZES));
    else if (choice < 53) script.calloc(1, script.pick(sizes));
    else script.free(script.pickLive());
    if (step > first && script.oneIn(6)) damage(script);
  }
  return script.sequence(name);
}
