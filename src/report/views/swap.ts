/** The swap device: how full it is, and what each slot in use holds for whom. */
import type { MachineView, SwapSlotView } from '../../machine/view.ts';
import { columns } from '../columns.ts';
import type { Names } from '../names.ts';
import { counted, percent } from '../quantities.ts';
import { paint } from '../style.ts';
import type { ViewOptions } from './view-options.ts';

export function swapView(view: MachineView, { style, names, process }: ViewOptions): string[] {
  const { swapSlots, freeSwapSlots } = view.memory;
  if (swapSlots === 0) return ['this machine has no swap device (machine: { swap: 64KiB } gives it one)'];
  const used = swapSlots - freeSwapSlots;
  const head = `${counted(swapSlots, 'slot')}, ${used} used (${percent(used, swapSlots)}), ${freeSwapSlots} free`;
  const owners = ownersBySlot(view);
  const slots = Object.values(view.swap)
    .sort((left, right) => left.slot - right.slot)
    .filter((slot) => process === null || owners.get(slot.slot)?.some((owner) => owner.pid === process));
  if (slots.length === 0) return [paint(style, 'bold', head)];
  const header = ['slot', 'refs', 'cached in', 'page of'].map((cell) => paint(style, 'dim', cell));
  const rows = slots.map((slot) => [
    String(slot.slot),
    String(slot.references),
    slot.cachedPfn === null ? paint(style, 'dim', '-') : `frame ${slot.cachedPfn}`,
    ownersText(owners.get(slot.slot) ?? [], slot, names),
  ]);
  return [paint(style, 'bold', head), '', ...columns([header, ...rows], { align: 'rrll', indent: '  ' })];
}

/** No page table names the slot: then only the swap cache holds it, or an object that several processes share. */
function ownersText(owners: readonly { pid: number; address: number }[], slot: SwapSlotView, names: Names): string {
  if (owners.length === 0) return slot.cachedPfn === null ? 'shared memory' : 'swap cache';
  return owners.map(({ pid, address }) => `${names.process(pid)} ${names.address(address)}`).join(', ');
}

/** Who has a swapped-out page in which slot: read off the page tables. */
function ownersBySlot(view: MachineView): Map<number, { pid: number; address: number }[]> {
  const owners = new Map<number, { pid: number; address: number }[]>();
  for (const process of Object.values(view.processes)) {
    for (const page of Object.values(process.pages)) {
      if (page.state !== 'swapped' || page.target === null) continue;
      const list = owners.get(page.target) ?? [];
      list.push({ pid: process.pid, address: page.address });
      owners.set(page.target, list);
    }
  }
  return owners;
}
