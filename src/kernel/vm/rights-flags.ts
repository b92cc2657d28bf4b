/**
 * PTE flags of an area's rights, without the right to write: a PTE gets that only where nobody else may see the write.
 * PROT_WRITE implies reading everywhere (W without R is reserved on RISC-V), PROT_EXEC does on x86
 * [arch/riscv/mm/init.c:protection_map, arch/x86/mm/pgprot.c].
 */
import type { PageTableFormat } from '../../mmu/page-table/formats.ts';
import { PTE_EXEC, PTE_PROT_NONE, PTE_READ, PTE_USER, PTE_VALID } from '../../mmu/pte-flags.ts';
import { VM_ACCESS, VM_EXEC, VM_READ, VM_WRITE } from '../linux-abi.ts';

/** By the VM_ACCESS bits of the area's flags. */
export function rightsFlagsOf({ family }: PageTableFormat): Int32Array {
  const readable = family === 'x86' ? VM_ACCESS : VM_READ | VM_WRITE;
  return Int32Array.from({ length: VM_ACCESS + 1 }, (_, access) => {
    if (access === 0) return PTE_PROT_NONE | PTE_USER;
    const read = (access & readable) !== 0 ? PTE_READ : 0;
    return PTE_VALID | PTE_USER | read | ((access & VM_EXEC) !== 0 ? PTE_EXEC : 0);
  });
}
