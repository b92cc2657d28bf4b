/**
 * Which allocators stand in the domains: reading, writing and recognizing the records, and putting the debug hooks in front
 * [Objects/obmalloc.c: PyMem_SetupDebugHooks, _PyMem_GetCurrentAllocatorName].
 */
import { PeekMemory } from '../peek-memory.ts';
import type { MemoryReader, ProgramMemory } from '../program-memory.ts';
import {
  type AllocatorRecord,
  type ArenaRecord,
  DOMAIN_NAMES,
  type Domain,
  IMPLEMENTER,
  MEM,
  OBJ,
  RAW,
  RECORD_BYTES,
  readArenaRecord,
  readRecord,
  recordOf,
  writeArenaRecord,
  writeRecord,
} from './allocator-record.ts';
import { type FunctionFinder, isSame, replacementWarnings } from './allocator-rules.ts';
import type { BaseName, InitialAllocators } from './configuration.ts';
import type { DebugHooks } from './debug-hooks.ts';
import type { PythonProfile } from './profiles.ts';
import { ARENA_RECORD_AT, HOOKED_AT, type RuntimeState } from './runtime-state.ts';
import { isSince } from './version-order.ts';

const DOMAINS: readonly Domain[] = [RAW, MEM, OBJ];
const NO_RECORD: AllocatorRecord = { ctx: 0, malloc: 0, calloc: 0, realloc: 0, free: 0 };

export class InstalledAllocators {
  private readonly memory: ProgramMemory;
  private readonly text: number;
  private readonly state: number;
  private readonly profile: PythonProfile;
  private readonly hooks: DebugHooks;

  constructor(memory: ProgramMemory, text: number, state: number, profile: PythonProfile, hooks: DebugHooks) {
    this.memory = memory;
    this.text = text;
    this.state = state;
    this.profile = profile;
    this.hooks = hooks;
  }

  /** What a program starts with. */
  install(start: InitialAllocators): void {
    for (const domain of DOMAINS) this.set(domain, this.base(start[DOMAIN_NAMES[domain]]));
    if (start.rawHooks) this.hook(RAW);
    if (!start.hooks) return;
    this.hook(MEM);
    this.hook(OBJ);
    this.memory.store32(this.state + HOOKED_AT, 1);
  }

  /** PyMem_GetAllocator: NULLs for a domain that does not exist. */
  get(domain: number): AllocatorRecord {
    return isDomain(domain) ? readRecord(this.memory, this.at(domain)) : NO_RECORD;
  }

  /** PyMem_SetAllocator: ignored for a domain that does not exist. Checks nothing, as CPython does not. */
  set(domain: number, record: AllocatorRecord): void {
    if (isDomain(domain)) writeRecord(this.memory, this.at(domain), record);
  }

  getArenas(): ArenaRecord {
    return readArenaRecord(this.memory, this.state + ARENA_RECORD_AT);
  }

  setArenas(record: ArenaRecord): void {
    writeArenaRecord(this.memory, this.state + ARENA_RECORD_AT, record);
  }

  /** PyMem_SetupDebugHooks. A domain whose malloc is the debug malloc is left alone; one that something wraps is not. */
  setupDebugHooks(): void {
    for (const domain of DOMAINS) this.hook(domain);
    this.memory.store32(this.state + HOOKED_AT, 1);
  }

  /** _PyMem_DebugEnabled. */
  hasHooks(): boolean {
    return this.isHooked(OBJ);
  }

  /** The record's malloc is the debug hooks'. */
  private isHooked(domain: Domain): boolean {
    return this.get(domain).malloc === this.hookRecord(domain).malloc;
  }

  /**
   * _PyMem_PymallocEnabled: does obj use pymalloc, bare or right under the hooks? 3.13 goes by the flag that the hooks were set
   * up, and so looks below them even when something stands on top.
   */
  usesPymalloc(): boolean {
    const pymalloc = this.base('pymalloc').malloc;
    const underHooks = isSince(this.profile, '3.13')
      ? this.memory.load32(this.state + HOOKED_AT) !== 0
      : this.isHooked(OBJ);
    const record = underHooks ? readRecord(this.memory, this.hooks.lowerRecord(OBJ)) : this.get(OBJ);
    return record.malloc === pymalloc;
  }

  /** The name of this very set of records; null for any other mixture. */
  name(reader: MemoryReader): string | null {
    const bare = DOMAINS.map((domain) => readRecord(reader, this.at(domain)));
    const name = this.nameOf(bare);
    if (name !== null) return name;
    if (!DOMAINS.every((domain) => isSame(bare[domain]!, this.hookRecord(domain)))) return null;
    const lower = this.nameOf(DOMAINS.map((domain) => readRecord(reader, this.hooks.lowerRecord(domain))));
    return lower === null ? null : `${lower}_debug`;
  }

  /** Documented rules that setting `record` would break, as sentences; [] for none. */
  checkReplacement(
    domain: number,
    record: AllocatorRecord,
    runtime: RuntimeState,
    functions: FunctionFinder,
  ): string[] {
    const { memory, profile, text } = this;
    const scene = {
      profile,
      state: runtime,
      text,
      current: this.get(domain),
      hasHooks: isDomain(domain) && this.isHooked(domain),
      functions,
      reader: new PeekMemory(memory.kernel, memory.process),
    };
    return replacementWarnings(scene, isDomain(domain) ? domain : null, record);
  }

  private hook(domain: Domain): void {
    if (this.isHooked(domain)) return;
    writeRecord(this.memory, this.hooks.lowerRecord(domain), this.get(domain));
    this.set(domain, this.hookRecord(domain));
  }

  /** The hooks of mem and obj look at the GIL since 3.6. */
  private hookRecord(domain: Domain): AllocatorRecord {
    const looksAtGil = domain !== RAW && isSince(this.profile, '3.6.0');
    const implementer = looksAtGil ? IMPLEMENTER.debug : IMPLEMENTER.debugRaw;
    return recordOf(this.text, implementer, this.hooks.slot(domain));
  }

  private base(name: BaseName): AllocatorRecord {
    return recordOf(this.text, name === 'malloc' ? IMPLEMENTER.libc : IMPLEMENTER.pymalloc, 0);
  }

  private nameOf(records: readonly AllocatorRecord[]): BaseName | null {
    if (!isSame(records[RAW]!, this.base('malloc'))) return null;
    for (const name of ['pymalloc', 'malloc'] as const) {
      if (isSame(records[MEM]!, this.base(name)) && isSame(records[OBJ]!, this.base(name))) return name;
    }
    return null;
  }

  private at(domain: Domain): number {
    return this.state + domain * RECORD_BYTES;
  }
}

function isDomain(domain: number): domain is Domain {
  return domain === RAW || domain === MEM || domain === OBJ;
}
