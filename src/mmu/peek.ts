/** Translation as a spectator: the same lookups and the same walk as an access, but nothing is counted or changed. */
import { ALLOWED, AS_USER, refusal } from './access-rights.ts';
import { addressBits } from './address-fields.ts';
import type { FaultInfo } from './fault.ts';
import { BAD_FRAME, describeFault, Fault, NON_CANONICAL, OUT_OF_RANGE } from './fault-latch.ts';
import type { PageTableFormat } from './page-table/formats.ts';
import type { PhysicalMemory } from './physical-memory.ts';
import { PTE_DIRTY } from './pte-flags.ts';
import { floorRemainder, unsignedAddress } from './sign-extension.ts';
import type { TlbHierarchy } from './tlb/hierarchy.ts';
import type { TlbLookup, Translation, WalkStep } from './translation.ts';
import { ACCESS_NAMES, type AccessKind, STORE } from './units.ts';
import type { Walker } from './walker.ts';

export interface PeekOptions {
  /** Draw the walk even when the TLB answers. */
  readonly walkAlways?: boolean | undefined;
  /**
   * Through the table of another address space than the loaded one. `asid` null: it runs under none now, so the TLBs
   * hold nothing of it. Without ASIDs they only ever hold the loaded space.
   */
  readonly as?: { readonly root: number; readonly asid: number | null } | undefined;
}

/** What of a processor a spectator looks at. */
export interface PeekContext {
  readonly walker: Walker;
  readonly tlbs: TlbHierarchy | null;
  readonly format: PageTableFormat;
  readonly memory: PhysicalMemory;
  readonly root: number;
  readonly asid: number;
  /** Tag of the TLB entries of the current address space. */
  readonly space: number;
  readonly privilege: number;
}

interface Outcome {
  readonly pfn: number | null;
  readonly pageBytes: number | null;
  readonly walk: readonly WalkStep[];
  readonly dirtyWalk?: true;
  readonly fault: FaultInfo | null;
}

/** `va` is one that is translated. */
export function peekTranslation(context: PeekContext, va: number, kind: AccessKind, options: PeekOptions): Translation {
  const { format } = context;
  const tlb = lookUp(context, va, kind);
  const { pfn, ...outcome } = throughTlb(context, va, kind, tlb, options);
  const asked = request(context, va, kind);
  return { ...asked, tlb, physical: pfn === null ? null : pfn * format.pageBytes + asked.offset, ...outcome };
}

/** An address outside the space: neither TLB nor table is asked. */
export function peekRefused(context: PeekContext, address: number | bigint, kind: AccessKind): Translation {
  const { format, privilege } = context;
  const fault = newFault(Number(address), kind, privilege);
  fault.rule = format.canonical === 'sign-extended' ? NON_CANONICAL : OUT_OF_RANGE;
  return {
    ...request(context, address, kind),
    tlb: null,
    walk: [],
    physical: null,
    pageBytes: null,
    fault: describeFault(fault, format, unsignedAddress(address)),
  };
}

/** What is asked. */
function request({ format, privilege }: PeekContext, address: number | bigint, kind: AccessKind) {
  const vpnBits = format.virtualBits - format.pageShift;
  const wide = typeof address === 'bigint';
  return {
    address: unsignedAddress(address),
    access: ACCESS_NAMES[kind],
    user: (privilege & AS_USER) !== 0,
    vpn: wide
      ? addressBits(address, format.pageShift, vpnBits)
      : floorRemainder(Math.floor(address / format.pageBytes), 2 ** vpnBits),
    offset: wide ? addressBits(address, 0, format.pageShift) : floorRemainder(address, format.pageBytes),
  };
}

function lookUp({ tlbs, space, asid, format }: PeekContext, va: number, kind: AccessKind): TlbLookup | null {
  if (tlbs === null) return null;
  const first = tlbs.firstLevel(kind);
  const page = Math.floor(va / format.pageBytes);
  const slot = first.find(va, space);
  const below = slot === -1 && tlbs.second !== null ? tlbs.second.find(va, space) : -1;
  const searched = { set: first.setOf(page, 0), tag: first.tagOf(page, 0), asid };
  if (slot === -1) {
    const way = below === -1 || tlbs.second === null ? null : tlbs.second.wayOf(below);
    return { ...searched, hit: below === -1 ? null : 'L2', way };
  }
  // A superpage sits in the set of its own number.
  const level = first.levelOf(slot);
  const found = first.pageOf(slot);
  const way = first.wayOf(slot);
  return { asid, hit: 'L1', set: first.setOf(found, level), tag: first.tagOf(found, level), way };
}

function throughTlb(
  context: PeekContext,
  va: number,
  kind: AccessKind,
  lookup: TlbLookup | null,
  options: PeekOptions,
): Outcome {
  const { tlbs, space, format, memory, privilege } = context;
  const tlb = lookup?.hit === 'L1' ? tlbs?.firstLevel(kind) : lookup?.hit === 'L2' ? tlbs?.second : null;
  if (tlb === null || tlb === undefined) return throughWalk(context, va, kind);
  const slot = tlb.find(va, space);
  const flags = tlb.flagsOf(slot);
  const pfn = tlb.frameOf(slot, va);
  const refused = refusal(flags, kind, privilege);
  const rule = refused === ALLOWED && pfn >= memory.frames ? BAD_FRAME : refused;
  // A store to a page whose entry is still clean walks, to set D.
  if (rule === ALLOWED && kind === STORE && (flags & PTE_DIRTY) === 0) {
    return { ...throughWalk(context, va, kind), dirtyWalk: true };
  }
  const walked = throughWalk(context, va, kind);
  const walk = options.walkAlways === true ? walked.walk : [];
  const pageBytes = format.levels[tlb.levelOf(slot)]?.pageBytes ?? null;
  if (rule === ALLOWED) return { pfn, pageBytes, walk, fault: null };
  return { pfn: null, pageBytes, walk, fault: faultInfo(context, va, kind, rule) };
}

function throughWalk(context: PeekContext, va: number, kind: AccessKind): Outcome {
  const { walker, format } = context;
  const rule = walker.walkExactly(context.root, va, kind, context.privilege);
  const fault = rule === ALLOWED ? null : faultInfo(context, va, kind, rule);
  const walk = walkSteps(context, va, fault);
  if (fault !== null) return { pfn: null, pageBytes: null, walk, fault };
  return { pfn: walker.pfn, pageBytes: format.levels[walker.level]?.pageBytes ?? null, walk, fault };
}

/** The steps of the walk just done. */
function walkSteps({ walker, format, root }: PeekContext, va: number, fault: FaultInfo | null): WalkStep[] {
  const { table } = walker;
  const steps: WalkStep[] = [];
  let tableAddress = root;
  const top = format.levels.length - 1;
  for (let read = 0; read < walker.pteReads; read++) {
    const level = top - read;
    const pteAddress = walker.entries[level]!;
    const { kind, letters, pfn, value } = table.describe(pteAddress, level);
    const absent = kind !== 'leaf' && kind !== 'table';
    const refused = fault !== null && fault.pteAddress === pteAddress && fault.rule !== 'not-present';
    steps.push({
      level,
      levelName: format.levels[level]!.name,
      index: table.indexOf(va, level),
      tableAddress,
      pteAddress,
      pteValue: value,
      letters,
      kind: absent ? 'absent' : refused ? 'refused' : kind,
      pfn: absent ? null : pfn,
    });
    tableAddress = (pfn ?? 0) * format.pageBytes;
  }
  return steps;
}

function faultInfo({ walker, format, privilege }: PeekContext, va: number, kind: AccessKind, rule: number): FaultInfo {
  const fault = newFault(va, kind, privilege);
  walker.fillFault(fault, rule);
  return describeFault(fault, format);
}

function newFault(va: number, kind: AccessKind, privilege: number): Fault {
  const fault = new Fault();
  fault.address = va;
  fault.access = kind;
  fault.user = (privilege & AS_USER) !== 0;
  return fault;
}
