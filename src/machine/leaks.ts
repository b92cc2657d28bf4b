/**
 * Does everything that is in use belong to somebody? Read from a view, so it works on a machine and on a record alike.
 *
 * A frame or slot leaks when its last owner is gone and it is not free: nothing will ever free it. The rules:
 *
 * - L1: free frames + frames in use = frames of the machine; likewise swap slots.
 * - L2: an anonymous, file or zero-filled frame is mapped by a living process, or is the swap cache's.
 * - L3: a shared frame is mapped, or some living process has a shared area that may still hold it.
 * - L4: the processes' page-table frames are all the page-table frames there are.
 * - L5: a swap slot is named by some PTE, by a shared area, or cached by a frame.
 *
 * These find what is lost, not what is miscounted by one: `Machine.checkInvariants` compares exact counts.
 */
import type { FrameView, MachineView } from './view.ts';

/** One sentence for each thing that is lost; empty when nothing is. */
export function leaksOf(view: MachineView): string[] {
  const { memory } = view;
  const frames = Object.values(view.frames);
  const slots = Object.values(view.swap);
  const processes = Object.values(view.processes);
  const sharing = processes.some((process) => process.areas.some((area) => area.perms.endsWith('s')));
  const lost: string[] = [];

  const missingFrames = memory.frames - memory.freeFrames - frames.length;
  if (missingFrames !== 0) {
    lost.push(`${memory.freeFrames} frames are free and ${frames.length} in use, of ${memory.frames}`);
  }
  const missingSlots = memory.swapSlots - memory.freeSwapSlots - slots.length;
  if (missingSlots !== 0) {
    lost.push(`${memory.freeSwapSlots} swap slots are free and ${slots.length} in use, of ${memory.swapSlots}`);
  }

  const cached = new Set(slots.map((slot) => slot.cachedPfn));
  for (const frame of frames) {
    if (isOwned(frame, view, cached, sharing)) continue;
    lost.push(`frame ${frame.pfn} (${frame.use}, ${count(frame.references, 'reference')}) is mapped by nobody`);
  }

  const tables = frames.filter((frame) => frame.use === 'table').length;
  const owned = processes.reduce((sum, process) => sum + process.tableFrames, 0);
  if (tables !== owned) {
    lost.push(`${count(tables, 'page-table frame')} in use, but the processes' tables have ${owned}`);
  }

  const swapped = processes.flatMap((process) =>
    Object.values(process.pages).filter((page) => page.state === 'swapped'),
  );
  const named = new Set(swapped.map((page) => page.target));
  for (const slot of slots) {
    if (named.has(slot.slot) || slot.cachedPfn !== null || sharing) continue;
    lost.push(`swap slot ${slot.slot} (${count(slot.references, 'reference')}) is named by no page table`);
  }
  return lost;
}

/** What is no longer as it was in an earlier view; the rule of a test harness: free after = free before. */
export function notGivenBack(before: MachineView, after: MachineView): string[] {
  const frames = before.memory.freeFrames - after.memory.freeFrames;
  const slots = before.memory.freeSwapSlots - after.memory.freeSwapSlots;
  return [
    ...(frames > 0 ? [`${count(frames, 'frame')} fewer free than before`] : []),
    ...(slots > 0 ? [`${count(slots, 'swap slot')} fewer free than before`] : []),
  ];
}

function isOwned(frame: FrameView, view: MachineView, cached: ReadonlySet<number | null>, sharing: boolean): boolean {
  if (frame.use === 'kernel' || frame.use === 'zero' || frame.use === 'table') return true;
  if (cached.has(frame.pfn)) return true;
  if (frame.mappings.some(({ pid }) => view.processes[pid]?.state === 'running')) return true;
  return frame.use === 'shared' && sharing;
}

const count = (amount: number, what: string): string => `${amount} ${what}${amount === 1 ? '' : 's'}`;
