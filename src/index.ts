/**
 * mmulator: an operating-system memory manager you can run, watch, rewind and test.
 *
 * ```ts
 * import { during, Machine, MAP_ANONYMOUS, MAP_PRIVATE, PROT_READ, PROT_WRITE } from 'mmulator';
 *
 * const machine = new Machine({ paging: 'sv39', memory: 256 * 1024 });
 * const parent = machine.spawn({ name: 'parent' });
 * const buffer = machine.mmap(parent, { length: 8192, prot: PROT_READ | PROT_WRITE, flags: MAP_PRIVATE | MAP_ANONYMOUS });
 * machine.store(parent, buffer, 42, 1);                    // ok, one minor fault: demand zero
 *
 * const child = machine.fork(parent, 'child');
 * if (typeof child === 'number') throw new Error(`fork answered ${child}`);
 * const { faults } = during(machine, () => machine.store(child, buffer, 7, 1));
 * faults[0]?.kind;                                         // 'copy-on-write'
 * machine.load(parent, buffer, 1).bytes;                   // Uint8Array [ 42 ]
 * machine.explain(child, buffer, 'store');                 // the walk, level by level; looking changes nothing
 * machine.view();                                          // the whole machine as plain data
 * ```
 *
 * `runScenarioText(text)` runs a scenario, and one of `REPORTERS` turns the result into text; a `ScenarioSession` steps
 * through it by hand, forward and back.
 *
 * Three kinds of wrong. What a guest does wrong is data: a `signal`, or a negative errno. What you pass wrong throws an
 * `InputError` (or `InputErrors`, when there may be several) with a stable `code` and a `hint`. An `InvariantError` is a bug
 * of ours. Nothing here reads a clock, a file or a random number that you did not give it.
 */

// ── The machine ──

export type { MachineConfig } from './machine/config.ts';
export { costBetween, during, type Observable, type Observed, type ObservedFault } from './machine/during.ts';
export type { MachineEvent, MachineListener } from './machine/events.ts';
export type { SpeltAdvice, SpeltResource } from './machine/known-names.ts';
export { leaksOf } from './machine/leaks.ts';
export {
  type AccessResult,
  type Address,
  Machine,
  type MachineSnapshot,
  type MmapOptions,
  type MremapOptions,
  type OomScoreAdjOptions,
  type OpenOptions,
  type SpawnOptions,
  type SyscallResult,
  type WaitResult,
} from './machine/machine.ts';
export type { MachineFiles } from './machine/machine-files.ts';
export type { MachineGroups } from './machine/machine-groups.ts';
export type { MachineSysctl, SysctlSettings } from './machine/machine-sysctl.ts';
export type { MachineProc, PagemapEntry } from './machine/proc/proc.ts';
export {
  parseRecord,
  RecordBuilder,
  RecordPlayer,
  type RecordStep,
  type RunRecord,
  stringifyRecord,
} from './machine/record.ts';
export { type Rewindable, Rewinder, type RewinderOptions } from './machine/rewind.ts';
export type { SystemCalls } from './machine/system-calls.ts';
export type {
  AreaView,
  CounterName,
  Counters,
  CpuView,
  FrameView,
  MachineView,
  MemoryView,
  ProcessView,
  PteView,
  SwapSlotView,
  TlbEntryView,
} from './machine/view.ts';

// ── The kernel: what system calls take and answer, what faults and signals are called, who chooses victims ──

export {
  FAULT_KINDS,
  type FaultKind,
  type KernelEvent,
  type SignalCode,
  type SignalInfo,
  type SignalName,
} from './kernel/events.ts';
export { SHM_EXEC, SHM_RDONLY, SHM_REMAP, SHM_RND } from './kernel/fs/shm.ts';
export type { ResourceName } from './kernel/limits.ts';
export {
  ERRNO,
  type ErrnoName,
  errnoName,
  FALLOC_FL_COLLAPSE_RANGE,
  FALLOC_FL_INSERT_RANGE,
  FALLOC_FL_KEEP_SIZE,
  FALLOC_FL_PUNCH_HOLE,
  FALLOC_FL_UNSHARE_RANGE,
  FALLOC_FL_ZERO_RANGE,
  MAP_32BIT,
  MAP_ABOVE4G,
  MAP_ANONYMOUS,
  MAP_DENYWRITE,
  MAP_DROPPABLE,
  MAP_EXECUTABLE,
  MAP_FIXED,
  MAP_FIXED_NOREPLACE,
  MAP_GROWSDOWN,
  MAP_HUGETLB,
  MAP_LOCKED,
  MAP_NONBLOCK,
  MAP_NORESERVE,
  MAP_POPULATE,
  MAP_PRIVATE,
  MAP_SHARED,
  MAP_SHARED_VALIDATE,
  MAP_STACK,
  MAP_SYNC,
  MAP_UNINITIALIZED,
  MCL_CURRENT,
  MCL_FUTURE,
  MCL_ONFAULT,
  MLOCK_ONFAULT,
  MREMAP_DONTUNMAP,
  MREMAP_FIXED,
  MREMAP_MAYMOVE,
  MS_ASYNC,
  MS_INVALIDATE,
  MS_SYNC,
  PROT_EXEC,
  PROT_GROWSDOWN,
  PROT_GROWSUP,
  PROT_NONE,
  PROT_READ,
  PROT_SEM,
  PROT_WRITE,
} from './kernel/linux-abi.ts';
export type { Process } from './kernel/process.ts';
export { type OptionEntry, parseReplacementOption, REPLACEMENT_OPTIONS } from './kernel/reclaim/option-table.ts';
export type { ReplacementOptions } from './kernel/reclaim/options.ts';
export { POLICY_NAMES, type PolicyName } from './kernel/reclaim/policy.ts';
export { POLICIES, type PolicyEntry } from './kernel/reclaim/registry.ts';
export type { SysctlName } from './kernel/sysctl.ts';
export {
  type AdviceName,
  MADV_COLD,
  MADV_COLLAPSE,
  MADV_DODUMP,
  MADV_DOFORK,
  MADV_DONTDUMP,
  MADV_DONTFORK,
  MADV_DONTNEED,
  MADV_DONTNEED_LOCKED,
  MADV_FREE,
  MADV_GUARD_INSTALL,
  MADV_GUARD_REMOVE,
  MADV_HUGEPAGE,
  MADV_HWPOISON,
  MADV_KEEPONFORK,
  MADV_MERGEABLE,
  MADV_NOHUGEPAGE,
  MADV_NORMAL,
  MADV_PAGEOUT,
  MADV_POPULATE_READ,
  MADV_POPULATE_WRITE,
  MADV_RANDOM,
  MADV_REMOVE,
  MADV_SEQUENTIAL,
  MADV_SOFT_OFFLINE,
  MADV_UNMERGEABLE,
  MADV_WILLNEED,
  MADV_WIPEONFORK,
} from './kernel/vm/advice.ts';

// ── Programs: functions called by name, their heaps, and the tools that watch them ──

export type { CallOptions, CallResult, PythonSpawnOptions } from './machine/machine-api.ts';
export type { HeapBlockView, HeapRegionView, HeapView } from './machine/view.ts';
export { type HeapFigures, heapFigures, heapRegions } from './process/check/figures.ts';
export { findLeaks, type LeakReport, type LossKind, type LossRecord } from './process/check/leaks.ts';
export type { FreedBlock, LiveBlock, Place } from './process/check/ledger.ts';
export type { AddressStory, HeapError } from './process/check/memcheck.ts';
export type { Argument, Parameter, ProgramFunction } from './process/functions/function.ts';
export { PROGRAM_FUNCTIONS } from './process/functions/registry.ts';
export type { ImageOptions } from './process/image.ts';
export type { Program } from './process/program.ts';
export type { Frame } from './process/python/frame.ts';
export type { HostAllocator, HostArenaAllocator, HostArenaCall, HostCall } from './process/python/host-functions.ts';
export { PYTHON_VERSIONS } from './process/python/profiles.ts';
export { Snapshot } from './process/python/tracemalloc/snapshot.ts';
export { TEXTBOOK_POLICIES, type TextbookOptions } from './process/textbook/options.ts';

// ── The hardware: formats, TLBs, translations, faults, units ──

export {
  type AddressField,
  addressBits,
  type CacheShape,
  cacheFields,
  indexFields,
  physicalFields,
  tlbFields,
  virtualFields,
} from './mmu/address-fields.ts';
export { FAULT_RULES, type FaultInfo, type FaultRule } from './mmu/fault.ts';
export type { CustomFields, CustomFormat, CustomLevel } from './mmu/page-table/custom-format.ts';
export { FORMAT_NAMES, FORMATS, type FormatName, type PageTableFormat } from './mmu/page-table/formats.ts';
export { TLB_POLICIES, type TlbConfig, type TlbLevelConfig, type TlbPolicy } from './mmu/tlb/config.ts';
export type { TlbLookup, Translation, WalkStep } from './mmu/translation.ts';
export {
  ACCESS_NAMES,
  type AccessName,
  type Asid,
  addressOfPfn,
  addressOfVpn,
  asid,
  type ByteCount,
  byteCount,
  type Pfn,
  type PhysicalAddress,
  pfn,
  pfnOf,
  physicalAddress,
  type VirtualAddress,
  type Vpn,
  virtualAddress,
  vpn,
  vpnOf,
} from './mmu/units.ts';

// ── Scenarios: from text to a result ──

export { renderDiagnostic, renderDiagnostics } from './scenario/diagnostic.ts';
export { compareGolden, type GoldenDifference, type GoldenRecord, goldenRecord } from './scenario/golden.ts';
export { loadScenario, type ParsedScenario, parseScenario } from './scenario/load.ts';
export { type RecordedRun, type RecordOptions, recordScenario } from './scenario/record-run.ts';
export type { ExpectationResult, ScenarioResult, StepCost, StepOutcome, StepResult } from './scenario/result.ts';
export { ScenarioEngine } from './scenario/run/engine.ts';
export { type RunOptions, runScenario, runScenarioText } from './scenario/run.ts';
export type { Scenario } from './scenario/scenario.ts';
export { scenarioJsonSchema } from './scenario/schema.ts';
export { ScenarioSession, type SessionOptions } from './scenario/session.ts';

// ── Against recordings of the real thing: `conform` ──

export { AllocationResult } from './conform/cpython/conform-allocations.ts';
export { conformDebugHooks } from './conform/cpython/conform-debug-hooks.ts';
export { LEVEL_MAX as CONFORM_LEVEL_MAX } from './conform/linux/compare.ts';
export { conformLinux, type LinuxConformOptions } from './conform/linux/conform-traces.ts';
export type {
  CaseConformance,
  Conformance,
  ConformOutcome,
  Divergence,
  FileConformance,
  MakeHash,
} from './conform/outcome.ts';

// ── Recorded memory traces ──

export { Conversion } from './trace/convert.ts';
export { type AccessTimes, accessTimes, type CostModel, parseCostModel } from './trace/cost-model.ts';
export { FactGatherer, type TraceFacts } from './trace/facts.ts';
export type {
  ByteSink,
  ParserOptions,
  TraceFormat,
  TraceParser,
  TraceShape,
  TraceWriter,
} from './trace/formats/format.ts';
export { formatNamed, recognizeFormat, TRACE_FORMATS } from './trace/formats/registry.ts';
export { GENERATOR_NAMES, type GeneratorName, type GeneratorOptions, TraceGenerator } from './trace/generate.ts';
export type { Anomaly, CurvePoint, MissCurve, PointNote } from './trace/mrc/curve.ts';
export { type CurveConfig, CurveGatherer, type CurveReport, type CurveRun } from './trace/mrc/gatherer.ts';
export { Shards, type ShardsConfig } from './trace/mrc/shards.ts';
export { StackDistances } from './trace/mrc/stack-distance.ts';
export { type OstepReferences, ostepReferences } from './trace/ostep.ts';
export { type PageSink, PageStream } from './trace/page-stream.ts';
export { type ReaderOptions, TraceReader } from './trace/reader.ts';
export {
  type BatchSink,
  MODIFY,
  ReferenceBatch,
  type TraceKind,
  type TraceSink,
  type TraceUnit,
} from './trace/reference.ts';
export { Replay, type StreamConfig, type StreamResult } from './trace/replay.ts';
export { runTrace, type TraceReport, TraceRun } from './trace/run.ts';
export { type ReplayConfig, type ReplayResult, simulateReferences } from './trace/simulate.ts';
export { Simulation, type SimulationConfig, type SimulationRow } from './trace/simulation.ts';
export { type ReferenceStory, type StoryConfig, StoryTeller } from './trace/story.ts';
export { type TlbCounts, TlbReplay } from './trace/tlb-replay.ts';

// ── Sweeps: policies × frames × TLBs × page sizes × traces and scenarios (sweep/plan.ts has the picture) ──

export type { Cell, CellInput, CellParameters } from './sweep/cell.ts';
export { cellText } from './sweep/cell-text.ts';
export { cellsOf } from './sweep/grid.ts';
export { measureTask, type TaskSource } from './sweep/measure.ts';
export { mergeResults, missingCells, type Part } from './sweep/merge.ts';
export type { Digest, Grid, InputFile, SweepInputs, SweepPlan, TraceSource } from './sweep/plan.ts';
export { type ResultRow, resultsJson, type SweepResults, sweepResults } from './sweep/results.ts';
export { resultsCsv } from './sweep/results-csv.ts';
export { parseResults } from './sweep/results-file.ts';
export type { CellError, Figures, Row, ScenarioFigures, TlbFigures, TraceFigures } from './sweep/row.ts';
export { parseShard, type Shard, shardOf } from './sweep/shard.ts';
export { readSweepFile } from './sweep/sweep-file.ts';
export { sweepJsonSchema } from './sweep/sweep-schema.ts';
export { type Task, tasksOf } from './sweep/task.ts';

// ── Looking: reporters, pictures, stories ──

export { conformanceLines } from './report/conformance.ts';
export { type StoryOptions, stepStory } from './report/explain/story.ts';
export { REPORTERS, reporterNamed } from './report/registry.ts';
export type { FileReport, ReportContext, Reporter, ReporterRun } from './report/reporter.ts';
export { PLAIN, type Style } from './report/style.ts';
export { VIEWS, type View } from './report/views/registry.ts';

// ── What goes wrong: your input, or us ──

export { InputError, type InputErrorDetails, InputErrors, type SourceRange } from './mmu/input-error.ts';
export { InvariantError } from './mmu/invariant.ts';
