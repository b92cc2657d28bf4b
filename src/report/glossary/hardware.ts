/** Words about the machine: memory, page tables, TLBs, and the rules by which the MMU refuses. */
import { type Term, term } from './term.ts';

export const HARDWARE_TERMS: readonly Term[] = [
  term(
    'page',
    ['virtual page', 'vpn', 'virtual page number'],
    'A piece of a virtual address space, usually 4 KiB: the unit in which memory is mapped, protected and swapped. A page is what a program sees; a frame is where it lies.',
    ['frame', 'page table'],
  ),
  term(
    'frame',
    ['physical frame', 'pfn', 'page frame', 'physical frame number'],
    'A piece of physical memory the size of a page. Frame number × page size is its physical address. One frame may serve several pages at once (shared memory, copy on write).',
    ['page', 'reference count'],
  ),
  term(
    'virtual address',
    ['va', 'address'],
    'The address a program uses. The MMU splits it into one index for each page-table level and an offset that is kept as it is, and translates it to a physical address.',
    ['page table', 'walk', 'offset'],
  ),
  term(
    'physical address',
    ['pa'],
    'The address of a byte in the machine’s memory: frame number × page size + offset.',
    ['frame'],
  ),
  term(
    'offset',
    ['page offset'],
    'The low bits of an address, which translation does not change: where in its page a byte lies.',
    ['page'],
  ),
  term(
    'MMU',
    ['memory management unit'],
    'The part of the processor that translates each address of each access, and refuses what the page table does not allow.',
    ['TLB', 'page table', 'page fault'],
  ),
  term(
    'page table',
    ['pagetable', 'page tables', 'multi-level page table', 'root'],
    'The tree by which the MMU translates. Its nodes are frames full of entries (PTEs); each level is indexed by its own bits of the address; a leaf names the frame. Parts never used need no table, which is why it is a tree.',
    ['PTE', 'walk', 'superpage'],
  ),
  term(
    'PTE',
    ['page table entry', 'page-table entry', 'flags', 'letters'],
    'One entry of a page table: a frame number and flags. mmulator shows the flags of every format as VRWXUGAD: valid, read, write, execute, user, global, accessed, dirty.',
    ['accessed bit', 'dirty bit', 'page table'],
  ),
  term(
    'walk',
    ['page walk', 'table walk', 'page-table walk'],
    'Reading a page table from its root down to the leaf, one PTE a level, in order to translate an address the TLB did not know.',
    ['TLB', 'PTE'],
  ),
  term(
    'TLB',
    ['translation lookaside buffer', 'tlb hit', 'tlb miss'],
    'A small cache of translations in the processor. A hit needs no walk. The page number’s low bits choose the set, its rest is the tag compared in every way of the set.',
    ['set', 'ASID', 'shootdown', 'TLB reach'],
  ),
  term(
    'set',
    ['way', 'ways', 'associativity', 'tag'],
    'TLB entries are grouped in sets of some ways. An address may lie in one set only, in any way of it; the tag tells which address it is. One set: fully associative. One way: direct-mapped.',
    ['TLB'],
  ),
  term(
    'TLB reach',
    ['reach'],
    'How much memory the TLB can translate without a walk: entries × page size. A program whose working set is larger misses again and again; superpages help.',
    ['TLB', 'superpage', 'working set'],
  ),
  term(
    'ASID',
    ['address space identifier', 'pcid'],
    'A number that tags TLB entries with their address space, so that a context switch need not empty the TLB.',
    ['TLB', 'global'],
  ),
  term(
    'global',
    ['global page', 'G bit'],
    'A mapping that is the same in every address space: it matches whatever the ASID and survives flushes of one address space.',
    ['ASID'],
  ),
  term(
    'shootdown',
    ['tlb shootdown', 'ipi'],
    'When a PTE loses rights, other CPUs may still have the old translation in their TLBs; they are interrupted and made to forget it. Expensive, hence counted.',
    ['TLB'],
  ),
  term(
    'superpage',
    ['huge page', 'large page', 'hugepage', 'huge'],
    'A leaf above the lowest level: it maps 2 MiB or more with one PTE and one TLB entry. Its frame number must be aligned to its size. As a fault kind, `huge`: a superpage was mapped.',
    ['TLB reach', 'misaligned-superpage'],
  ),
  term(
    'accessed bit',
    ['A bit', 'accessed', 'referenced bit', 'accessed-clear'],
    'Set in the PTE when the page is used. Replacement policies read and clear it to learn what is in use. As a rule, `accessed-clear`: this hardware does not set the bit but faults, so that the kernel does.',
    ['clock', 'dirty bit'],
  ),
  term(
    'dirty bit',
    ['D bit', 'dirty', 'modified bit', 'dirty-clear'],
    'Set in the PTE when the page is written. A dirty page must be written to swap before its frame can be given away; a clean one can be dropped. As a rule, `dirty-clear`: a store through a PTE with D clear on hardware that does not set it.',
    ['swap', 'eviction'],
  ),
  term(
    'canonical address',
    ['non-canonical', 'canonical', 'out-of-range'],
    'In a sign-extended format the address bits above the used ones must copy the top used bit. An address that breaks the rule (`non-canonical`) faults before any PTE is read; in other formats one beyond the space is `out-of-range`.',
    ['virtual address'],
  ),
];

export const RULE_TERMS: readonly Term[] = [
  term(
    'page fault',
    ['fault', 'pagefault'],
    'The MMU could not or must not translate, and asks the kernel. The kernel either makes the page available and the access is tried again, or sends a signal.',
    ['minor fault', 'major fault', 'SIGSEGV'],
  ),
  term(
    'not-present',
    ['not present', 'invalid', 'valid bit'],
    'Rule of the MMU: the valid bit of an entry on the way is clear. Nothing has been mapped there yet, or it was swapped out, or it is PROT_NONE.',
    ['page fault', 'demand zero'],
  ),
  term(
    'reserved-bit',
    ['reserved bit'],
    'Rule of the MMU: a bit is set that the format reserves (or, on RISC-V, W without R). The table itself is wrong.',
    ['PTE'],
  ),
  term(
    'misaligned-superpage',
    ['misaligned superpage'],
    'Rule of the MMU: a leaf above the lowest level whose frame number is not aligned to its size.',
    ['superpage'],
  ),
  term('no-leaf', ['no leaf'], 'Rule of the MMU: the lowest level holds a pointer to yet another table.', ['walk']),
  term(
    'user',
    ['user bit', 'U bit'],
    'Rule of the MMU: a user program touched a page that belongs to the supervisor.',
    ['supervisor'],
  ),
  term(
    'supervisor',
    ['SUM', 'SMAP', 'SMEP', 'kernel mode'],
    'Rule of the MMU: the kernel touched a user page without saying that it meant to (SUM on RISC-V, EFLAGS.AC on x86), or tried to execute from it.',
    ['user'],
  ),
  term(
    'write',
    ['W bit', 'write protection'],
    'Rule of the MMU: a store through an entry without write permission. Often on purpose: it is how copy on write notices the first write.',
    ['copy on write'],
  ),
  term('read', ['R bit'], 'Rule of the MMU: a load from a page without read permission.', ['PTE']),
  term(
    'execute',
    ['X bit', 'NX', 'no execute'],
    'Rule of the MMU: an instruction fetch from a page that may not be executed (X clear, or NX set on x86).',
    ['PTE'],
  ),
  term(
    'bad-frame',
    ['bad frame', 'access fault'],
    'Rule of the MMU: an entry names a frame outside physical memory. RISC-V calls it an access fault, not a page fault.',
    ['frame'],
  ),
];
