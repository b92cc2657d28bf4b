/**
 * `machine:`: what the scenario runs on. Field by field the `MachineConfig` of machine/config.ts with sizes a person
 * can write, plus `kernel: none`, which leaves bare hardware: the scenario writes page tables itself and translates.
 */
import { z } from 'zod';
import type { PolicyName } from '../../kernel/reclaim/policy.ts';
import { POLICIES, parsePolicyName } from '../../kernel/reclaim/registry.ts';
import { SWAP_KINDS } from '../../kernel/swap/swap-device.ts';
import { type MachineConfig, resolveConfig } from '../../machine/config.ts';
import { FORMATS, type FormatName } from '../../mmu/page-table/formats.ts';
import { TLB_POLICIES } from '../../mmu/tlb/config.ts';
import { sysctlSettings } from './machine-steps.ts';
import { machineReplacementOptions } from './replacement-options.ts';
import { hexBytes, size, whole } from './scalars.ts';

/** Those that work on a running machine: `opt` needs to know the future. */
const POLICY_NAMES = Object.entries(POLICIES).flatMap(([name, entry]) => (entry.needsFuture ? [] : [name]));
const FORMAT_NAMES = Object.keys(FORMATS) as [FormatName, ...FormatName[]];

const { memory: MEMORY_DEFAULT, replacement: REPLACEMENT_DEFAULT } = resolveConfig({}).config;

/** Bytes, where the file names none. */
export { MEMORY_DEFAULT };

const bit = (what: string) => whole(`Bit of ${what}.`, 0, 63).optional();

const customFormat = z
  .strictObject({
    name: z.string().optional().describe('What to call it.'),
    pageBytes: size('Page size: a power of two, 4 or more.'),
    pteBytes: z.literal([1, 2, 4, 8]).describe('Bytes of one entry.'),
    levels: z
      .array(
        z.union([
          whole('Index bits of the table.', 1, 28),
          z.strictObject({
            name: z.string().optional().describe('What to call the level.'),
            indexBits: whole('Index bits of the table.', 1, 28),
            canBeLeaf: z.boolean().optional().describe('May an entry here map a large page? Needs `fields.leaf`.'),
          }),
        ]),
      )
      .min(1)
      .describe('Index bits of each table, the root first: `[10, 10]`.'),
    virtualBits: whole('Must be what index bits and page offset add up to.', 1, 52).optional(),
    physicalBits: whole('Default: what the frame field can say.', 1, 52).optional(),
    fields: z
      .strictObject({
        frame: z
          .strictObject({ bit: whole('Lowest bit.', 0, 63), width: whole('Bits.', 1, 52) })
          .optional()
          .describe('Frame number; default: from bit 0 up to the flags.'),
        valid: bit('V; default: the top bit'),
        read: bit('R'),
        write: bit('W'),
        execute: bit('X'),
        noExecute: bit('NX, instead of `execute`'),
        user: bit('U'),
        global: bit('G'),
        accessed: bit('A'),
        dirty: bit('D'),
        leaf: bit('the large-page mark'),
      })
      .optional()
      .describe('Bit positions; a flag left out is not in the entry, and what it would allow is allowed.'),
    canonical: z
      .enum(['sign-extended', 'zero-extended'])
      .optional()
      .describe('What the address bits above the used ones must be. Default: zero-extended.'),
    permissions: z
      .enum(['leaf', 'every-level'])
      .optional()
      .describe('Must every level grant a right, as on x86, or only the leaf? Default: leaf.'),
  })
  .describe('A page-table format of your own, for coursework.');

const tlbLevel = {
  entries: whole('Entries in all.', 1),
  ways: whole('Entries in a set; as many as `entries` for a fully associative TLB.', 1),
  policy: z.enum(TLB_POLICIES).optional().describe('Who leaves a full set. Default: lru.'),
};

const preset = z.strictObject({
  vpn: whole('Virtual page number; or give `set` and `tag`.').optional(),
  set: whole('Set the entry is in.').optional(),
  tag: whole('Page number without the set bits.').optional(),
  way: whole('Way of the set; default: the next free one.').optional(),
  pfn: whole('Frame number.').optional(),
  valid: z.boolean().optional().describe('Default true. An invalid entry never answers.'),
});

export const tlbSchema = z
  .strictObject({
    ...tlbLevel,
    l2: z.strictObject(tlbLevel).optional().describe('Second level, asked when the first misses.'),
    split: z.boolean().optional().describe('Separate first levels for instructions and data.'),
    asids: z.boolean().optional().describe('Tag entries with the address space, so that a switch need not flush.'),
    preset: z.array(preset).optional().describe('`kernel: none` only: what the TLB of CPU 0 holds at the start.'),
  })
  .describe('Translation lookaside buffer; `null`: none.');

const contents = z.strictObject({
  at: size('Physical address.'),
  bytes: hexBytes('Bytes in hex.').optional(),
  words: z.array(whole('A word.', 0)).optional().describe('Numbers of `wordBytes` bytes each, little-endian.'),
  wordBytes: z.literal([1, 2, 4, 8]).optional().describe('Default: the size of a page-table entry.'),
});

export const machineSchema = z.strictObject({
  kernel: z
    .enum(['linux', 'none'])
    .optional()
    .describe('`none`: bare hardware. No processes; page tables come from `contents`, steps are `translate`.'),
  paging: z
    .union([z.enum(FORMAT_NAMES), customFormat])
    .optional()
    .describe('Page-table format, by name or of your own. Default: sv39.'),
  memory: size('Physical memory. Default: 16 MiB.').optional(),
  swap: size('Swap device; 0, the default, for none.').optional(),
  swapKind: z
    .enum(SWAP_KINDS)
    .optional()
    .describe('`disk`, the default, writes pages in the background; `zswap`, a compressed store in memory, at once.'),
  disk: size('Disk that files of type `disk` are on. Default: 1 GiB.').optional(),
  replacement: z
    .enum(POLICY_NAMES)
    .optional()
    .describe('Replacement policy: who leaves when memory is full. Default: clock.'),
  replacementOptions: machineReplacementOptions.optional(),
  residentPages: whole('Pages.', 1)
    .nullable()
    .optional()
    .describe('Limit on user pages resident at once, machine-wide; `null` (the default): only by memory.'),
  cpus: whole('CPUs, each with its own TLBs.', 1, 31).optional(),
  tlb: tlbSchema
    .nullable()
    .optional()
    .describe('Translation lookaside buffers of each CPU. Default: 64 entries, 4 ways; `null`: none.'),
  seed: whole('Seed of everything random; `--seed` overrides it.').optional(),
  transparentSuperpages: z
    .boolean()
    .optional()
    .describe('Map aligned blocks of plain private memory as superpages at their first write.'),
  aslr: z.boolean().optional().describe('Randomize the address-space layout, from the seed.'),
  fork: z.enum(['cow', 'eager']).optional().describe('`eager` copies every page at fork, as xv6 does.'),
  stackMax: size('Largest stack (RLIMIT_STACK).').optional(),
  stackGuardPages: whole('Pages kept free below a growing stack.').optional(),
  overcommit: z.literal([0, 1, 2]).optional().describe('Linux vm.overcommit_memory.'),
  sysctl: sysctlSettings.optional().describe('Settings of /proc/sys/vm from the start; `sysctl` steps change them.'),
  processesMax: whole('Processes at once, zombies included: fork answers EAGAIN beyond.', 1).optional(),
  hardwareAccessedDirty: z
    .boolean()
    .optional()
    .describe('false: the hardware faults instead of setting A and D (Svade).'),
  root: size('`kernel: none` only: physical address of the root table.').optional(),
  asid: whole('`kernel: none` only: address-space identifier at the start.').optional(),
  contents: z.array(contents).optional().describe('`kernel: none` only: what memory holds at the start.'),
});

export type MachineSpec = z.infer<typeof machineSchema>;
export type TlbPreset = z.infer<typeof preset>;

/** Bytes of a page of the machine described; null while a custom format leaves it open. */
export function pageBytesOf(spec: MachineSpec): number {
  const paging = spec.paging ?? 'sv39';
  return typeof paging === 'string' ? FORMATS[paging].pageBytes : paging.pageBytes;
}

/** Bytes of a page-table entry. */
export function pteBytesOf(spec: MachineSpec): number {
  const paging = spec.paging ?? 'sv39';
  return typeof paging === 'string' ? FORMATS[paging].pteBytes : paging.pteBytes;
}

/** Who leaves when memory is full. */
export const policyOf = (spec: MachineSpec): PolicyName => parsePolicyName(spec.replacement ?? REPLACEMENT_DEFAULT);

/** The configuration to build the machine from; what the file leaves out is left to the machine's defaults. */
export function machineConfigOf(spec: MachineSpec, seed?: number): Partial<MachineConfig> {
  const { root: _root, asid: _asid, contents: _contents, tlb: tlbSpec, ...rest } = spec;
  const config: Record<string, unknown> = { ...rest };
  if (tlbSpec === null) config.tlb = null;
  else if (tlbSpec !== undefined) {
    const { preset: _preset, ...tlbConfig } = tlbSpec;
    config.tlb = tlbConfig;
  }
  if (seed !== undefined) config.seed = seed;
  for (const [key, value] of Object.entries(config)) if (value === undefined) delete config[key];
  return config as Partial<MachineConfig>;
}
