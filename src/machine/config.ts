/** What a machine is built from. Everything has a default; the same configuration gives the same machine, bit for bit. */
import { machineOptionMistakes } from '../kernel/reclaim/option-table.ts';
import type { ReplacementOptions } from '../kernel/reclaim/options.ts';
import type { PolicyName } from '../kernel/reclaim/policy.ts';
import { POLICIES, parsePolicyName } from '../kernel/reclaim/registry.ts';
import { SWAP_KINDS, type SwapKind } from '../kernel/swap/swap-device.ts';
import { InputError, InputErrors } from '../mmu/input-error.ts';
import { suggest } from '../mmu/nearest.ts';
import { type CustomFormat, compileCustomFormat } from '../mmu/page-table/custom-format.ts';
import { FORMATS, type FormatName, type PageTableFormat } from '../mmu/page-table/formats.ts';
import { PteCodec } from '../mmu/page-table/pte-codec.ts';
import { type TlbConfig, validateTlbConfig } from '../mmu/tlb/config.ts';
import { type SysctlSettings, sysctlErrors } from './machine-sysctl.ts';

export interface MachineConfig {
  /** `none`: bare hardware for coursework on translation; nobody handles faults, and there are no processes. */
  readonly kernel: 'linux' | 'none';
  /** Page-table format, by name or described field by field. */
  readonly paging: FormatName | CustomFormat;
  /** Physical memory, in bytes; host memory is committed as frames are touched. */
  readonly memory: number;
  /** Swap device, in bytes. 0: no swap. */
  readonly swap: number;
  /** `disk`: pages are written in the background. `zswap`: a compressed store in memory takes them at once. */
  readonly swapKind: SwapKind;
  /** Disk that files of type `disk` are on, in bytes; host memory is committed for what is not zeros. */
  readonly disk: number;
  /** Name of a replacement policy. */
  readonly replacement: string;
  /** Options that this policy obeys (docs/replacement.md); those left out have their defaults. */
  readonly replacementOptions: ReplacementOptions;
  /** Limit on user pages resident at once, machine-wide (a memory group's limit); null: only by memory. */
  readonly residentPages: number | null;
  readonly cpus: number;
  readonly tlb: TlbConfig | null;
  readonly seed: number;
  /** Randomize the address-space layout, from the seed. */
  readonly aslr: boolean;
  /** `cow` copies on write as Linux does; `eager` copies every page at fork, as xv6 does. */
  readonly fork: 'cow' | 'eager';
  /** RLIMIT_STACK in bytes. */
  readonly stackMax: number;
  /** Pages kept free below a growing stack (Linux stack_guard_gap). */
  readonly stackGuardPages: number;
  /** Linux vm.overcommit_memory. */
  readonly overcommit: 0 | 1 | 2;
  /** Settings of /proc/sys/vm; those left out have Linux’s defaults. */
  readonly sysctl: SysctlSettings;
  /** Map aligned blocks of plain private memory as superpages at their first write. */
  readonly transparentSuperpages: boolean;
  /** Processes at once, zombies included: fork answers EAGAIN beyond. */
  readonly processesMax: number;
  /** Does the hardware set A and D (true), or fault so that the kernel does (Svade, false)? */
  readonly hardwareAccessedDirty: boolean;
}

/** Most CPUs a machine can have: an address space keeps a bit for each. */
const CPUS_MAX = 31;
/** Frame numbers fit the policies' tables. */
const FRAMES_MAX = 2 ** 24;
/** Slots of a swap device: its tables have a row for each. */
const SLOTS_MAX = 2 ** 26;
const RISCV_OR_X86_TLB: TlbConfig = { entries: 64, ways: 4 };
const MIB = 1024 * 1024;
const GIB = 1024 * MIB;

export interface ResolvedConfig {
  readonly config: MachineConfig;
  readonly format: PageTableFormat;
}

/**
 * Fill in the defaults and check what must fit together.
 * @throws InputErrors with every mistake: MEM-CFG-0xx, and the codes of formats, TLBs and policies
 */
export function resolveConfig(partial: Partial<MachineConfig>): ResolvedConfig {
  const errors: InputError[] = unknownSettings(partial);
  const paging = partial.paging ?? 'sv39';
  // With a format that is wrong itself, the rest is checked as if it were a common one.
  const format = formatOf(paging, errors) ?? FORMATS.sv39;
  const userPages = Math.floor(format.userEnd / format.pageBytes);
  const config: MachineConfig = {
    kernel: 'linux',
    memory: 16 * MIB,
    swap: 0,
    swapKind: 'disk',
    disk: Math.ceil(GIB / format.pageBytes) * format.pageBytes,
    replacement: 'clock',
    replacementOptions: {},
    residentPages: null,
    cpus: 1,
    tlb: RISCV_OR_X86_TLB,
    seed: 1,
    aslr: false,
    fork: 'cow',
    stackMax: Math.min(8 * MIB, Math.floor(userPages / 8) * format.pageBytes),
    stackGuardPages: Math.min(256, Math.floor(userPages / 64)),
    overcommit: 0,
    sysctl: {},
    transparentSuperpages: false,
    processesMax: 32768,
    hardwareAccessedDirty: true,
    ...given(partial),
    paging,
  };
  errors.push(...configErrors(config, format));
  if (errors.length > 0) throw new InputErrors(errors);
  return { config, format };
}

/** Every setting, for finding misspelt ones; the type makes the list complete. */
const SETTINGS: Readonly<Record<keyof MachineConfig, true>> = {
  kernel: true,
  paging: true,
  memory: true,
  swap: true,
  swapKind: true,
  disk: true,
  replacement: true,
  replacementOptions: true,
  residentPages: true,
  cpus: true,
  tlb: true,
  seed: true,
  aslr: true,
  fork: true,
  stackMax: true,
  stackGuardPages: true,
  overcommit: true,
  sysctl: true,
  transparentSuperpages: true,
  processesMax: true,
  hardwareAccessedDirty: true,
};

function unknownSettings(partial: Partial<MachineConfig>): InputError[] {
  return Object.keys(partial)
    .filter((name) => !(name in SETTINGS))
    .map(
      (name) =>
        new InputError({
          code: 'MEM-CFG-008',
          message: `a machine has no setting \`${name}\``,
          hint: suggest(name, Object.keys(SETTINGS), 'settings'),
        }),
    );
}

/** The settings that have a value: undefined means the default. */
function given(partial: Partial<MachineConfig>): Partial<MachineConfig> {
  return Object.fromEntries(Object.entries(partial).filter(([, value]) => value !== undefined));
}

function formatOf(paging: FormatName | CustomFormat, errors: InputError[]): PageTableFormat | null {
  if (typeof paging === 'string') {
    const format = FORMATS[paging];
    if (format !== undefined) return format;
    errors.push(
      new InputError({
        code: 'MEM-CFG-001',
        message: `there is no page-table format \`${paging}\``,
        hint: `the formats are ${Object.keys(FORMATS).join(', ')}, or describe one field by field`,
      }),
    );
    return null;
  }
  try {
    return compileCustomFormat(paging);
  } catch (error) {
    if (!(error instanceof InputErrors)) throw error;
    errors.push(...error.errors);
    return null;
  }
}

function configErrors(config: MachineConfig, format: PageTableFormat): InputError[] {
  const errors: InputError[] = [];
  const wrong = (code: string, message: string, hint: string) => {
    errors.push(new InputError({ code, message, hint }));
  };
  const whole = (name: keyof MachineConfig, low: number, high: number) => {
    const value = config[name] as number;
    if (Number.isInteger(value) && value >= low && value <= high) return;
    wrong(
      'MEM-CFG-002',
      `${name} must be a whole number from ${low} to ${high}, not ${value}`,
      `write ${name}: ${low}`,
    );
  };
  const { pageBytes } = format;
  for (const name of ['memory', 'swap', 'disk'] as const) {
    const value = config[name];
    const least = name === 'memory' ? pageBytes : 0;
    if (Number.isInteger(value) && value >= least && value % pageBytes === 0) continue;
    const page = `${pageBytes} bytes`;
    wrong(
      'MEM-CFG-003',
      `${name} must be a whole number of pages of ${page}, not ${value} bytes`,
      `pages here have ${page}`,
    );
  }
  if (config.memory / pageBytes > FRAMES_MAX) {
    wrong(
      'MEM-CFG-004',
      `memory of ${config.memory / pageBytes} frames is more than the ${FRAMES_MAX} supported`,
      'use less memory or larger pages',
    );
  }
  if (config.memory > 2 ** format.physicalBits) {
    wrong(
      'MEM-CFG-005',
      `${format.name} can address ${2 ** format.physicalBits} bytes of memory, not ${config.memory}`,
      'use less memory or another format',
    );
  }
  whole('cpus', 1, CPUS_MAX);
  whole('seed', 0, Number.MAX_SAFE_INTEGER);
  whole('processesMax', 1, 2 ** 22);
  whole('stackGuardPages', 0, 2 ** 20);
  whole('stackMax', 0, format.userEnd);
  const oneOf = (name: keyof MachineConfig, values: readonly unknown[]) => {
    if (values.includes(config[name])) return;
    wrong(
      'MEM-CFG-002',
      `${name} must be one of ${values.join(', ')}, not ${String(config[name])}`,
      `write ${name}: ${values[0]}`,
    );
  };
  oneOf('kernel', ['linux', 'none']);
  oneOf('swapKind', SWAP_KINDS);
  oneOf('fork', ['cow', 'eager']);
  oneOf('overcommit', [0, 1, 2]);
  oneOf('aslr', [false, true]);
  oneOf('transparentSuperpages', [false, true]);
  oneOf('hardwareAccessedDirty', [true, false]);
  const slotsNamed = new PteCodec(format).frameMax + 1;
  const slotsMax = Math.min(slotsNamed, SLOTS_MAX);
  if (config.kernel === 'linux' && config.swap / pageBytes > slotsMax) {
    const who = slotsNamed > SLOTS_MAX ? 'a machine can have' : `an entry of ${format.name} can name`;
    wrong(
      'MEM-CFG-009',
      `${who} ${slotsMax} swap slots, not ${config.swap / pageBytes}`,
      `swap of at most ${slotsMax * pageBytes} bytes`,
    );
  }
  if (config.residentPages !== null) whole('residentPages', 1, FRAMES_MAX);
  if (config.tlb !== null) errors.push(...validateTlbConfig(config.tlb));
  errors.push(...policyErrors(config));
  errors.push(...sysctlErrors(config.sysctl));
  if (config.kernel === 'linux') errors.push(...kernelErrors(format));
  return errors;
}

function policyErrors({ replacement, replacementOptions: options }: MachineConfig): InputError[] {
  const errors: InputError[] = [];
  const policy = policyOf(replacement, errors);
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    const message = 'replacementOptions must be an object of options of the policy';
    return [...errors, new InputError({ code: 'MEM-POL-003', message, hint: 'such as { window: 4 }' })];
  }
  return [...errors, ...machineOptionMistakes(policy, options).map(({ error }) => error)];
}

function policyOf(name: string, errors: InputError[]): PolicyName | null {
  try {
    const policy = parsePolicyName(name);
    if (!POLICIES[policy].needsFuture) return policy;
    errors.push(
      new InputError({
        code: 'MEM-POL-002',
        message: `\`${policy}\` needs to know the future, so a running machine cannot use it`,
        hint: 'it works on recorded references only; take lru or clock',
      }),
    );
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    errors.push(error);
  }
  return null;
}

/** What a kernel cannot do without. */
function kernelErrors(format: PageTableFormat): InputError[] {
  const errors: InputError[] = [];
  if (!format.has.write) {
    errors.push(
      new InputError({
        code: 'MEM-CFG-006',
        message: `${format.name} has no write permission: the kernel cannot protect or copy on write`,
        hint: 'give the entry a `write` flag, or use a machine with `kernel: none`',
      }),
    );
  }
  if (!format.has.software) {
    errors.push(
      new InputError({
        code: 'MEM-CFG-007',
        message: `entries of ${format.name} have no room for what the kernel notes in a page that is not present`,
        hint: 'use a wider entry (pteBytes: 4), or a machine with `kernel: none`',
      }),
    );
  }
  return errors;
}
