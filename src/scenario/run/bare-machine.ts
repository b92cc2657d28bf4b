/** `kernel: none`: put what the file says into memory, root register and TLB of a machine that runs no kernel code. */
import type { Machine } from '../../machine/machine.ts';
import { PTE_ACCESSED, PTE_DIRTY, PTE_EXEC, PTE_READ, PTE_USER, PTE_VALID, PTE_WRITE } from '../../mmu/pte-flags.ts';
import { type MachineSpec, pteBytesOf, type TlbPreset } from '../schema/machine.ts';

/** Textbook TLB entries have a valid bit and a frame: every right is granted. */
const ALL_RIGHTS = PTE_VALID | PTE_READ | PTE_WRITE | PTE_EXEC | PTE_USER | PTE_ACCESSED | PTE_DIRTY;

export function prepareBareMachine(machine: Machine, spec: MachineSpec): void {
  // The frames a kernel would have kept for itself are the scenario's: all of memory starts as zeros.
  for (const part of spec.contents ?? []) {
    machine.memory.writeBytes(part.at, part.bytes ?? wordBytes(part.words ?? [], part.wordBytes ?? pteBytesOf(spec)));
  }
  const asid = spec.asid ?? 0;
  for (const cpu of machine.cpus) machine.setRoot(cpu.index, spec.root ?? 0, asid);
  presetTlb(machine, spec.tlb?.preset ?? [], asid);
}

function presetTlb(machine: Machine, presets: readonly TlbPreset[], asid: number): void {
  const cpu = machine.cpus[0];
  if (cpu === undefined || cpu.tlbs === null || presets.length === 0) return;
  const { data, instructions } = cpu.tlbs;
  const { sets } = data;
  const nextWay = new Map<number, number>();
  for (const preset of presets) {
    const page = preset.vpn ?? (preset.tag ?? 0) * sets + (preset.set ?? 0);
    const set = page % sets;
    const way = preset.way ?? nextWay.get(set) ?? 0;
    nextWay.set(set, way + 1);
    // An entry that is there but invalid never answers: the same as an empty way.
    if (preset.valid === false || preset.pfn === undefined) continue;
    const entry = { page, pfn: preset.pfn, flags: ALL_RIGHTS, asid };
    cpu.presetTlb(data.name, set, way, entry);
    if (instructions !== data) cpu.presetTlb(instructions.name, set, way, entry);
  }
}

function wordBytes(words: readonly number[], bytes: number): Uint8Array {
  const result = new Uint8Array(words.length * bytes);
  for (const [index, word] of words.entries()) {
    let rest = word;
    for (let byte = 0; byte < bytes; byte++) {
      result[index * bytes + byte] = rest % 256;
      rest = Math.floor(rest / 256);
    }
  }
  return result;
}
