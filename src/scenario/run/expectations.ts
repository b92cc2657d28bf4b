/** Did the step do what its `expect:` says? One result for each thing expected, with the reason when it did not hold. */
import type { MachineEvent } from '../../machine/events.ts';
import type { CounterName, ProcessView } from '../../machine/view.ts';
import type { SourceRange } from '../../mmu/input-error.ts';
import type { Expression, Quantity } from '../expression.ts';
import type { ExpectationResult, StepCost, StepResult } from '../result.ts';
import type { ActionNode } from '../scenario.ts';
import type { Amount } from '../schema/amount.ts';
import type { StepExpect } from '../schema/expect.ts';
import { amountHolds, amountText } from './amounts.ts';
import { mapsVerdicts, residentVerdicts, type Verdict, vmFlagsVerdicts } from './areas.ts';
import { type Executed, hexOf, littleEndian } from './executed.ts';
import { sentencesOf, symbolicAddress } from './explanations.ts';
import { faultVerdict } from './fault-expectation.ts';
import { errorsVerdict, heapVerdicts, leaksVerdicts, printsVerdict, resultVerdict } from './heap-expectations.ts';
import { dmesgVerdict, groupVerdicts, smapsVerdicts, statusVerdicts, vmstatVerdicts } from './proc-expectations.ts';
import { CannotRun, type StepContext } from './state.ts';
import { originOf } from './writes.ts';

/** The step as it went. */
export interface Happened {
  readonly node: ActionNode;
  readonly context: StepContext;
  readonly executed: Executed;
  readonly faults: StepResult['faults'];
  readonly events: readonly MachineEvent[];
  readonly cost: StepCost;
  /** False when nobody listened: then there are no explanations, and faults are counted but not listed. */
  readonly listened: boolean;
}

export function checkStep(happened: Happened): ExpectationResult[] {
  const { node, executed } = happened;
  const expect = (node.step.expect ?? {}) as StepExpect;
  // The author cannot have meant a step that does not run, whether or not anything is expected of it.
  if (executed.outcome.kind === 'dead') {
    return [
      result(
        'step',
        node.range,
        { what: '', expected: 'a step that can run', actual: executed.outcome.why, held: false },
        [],
      ),
    ];
  }
  const results: ExpectationResult[] = [];
  /** Sentences said already: one explanation is enough for all that it explains. */
  const told = new Set<string>();
  for (const key of Object.keys(expect) as (keyof StepExpect)[]) {
    if (expect[key] === undefined) continue;
    const range = node.expectRanges[key] ?? node.range;
    for (const verdict of verdictsSafely(key, expect, happened)) {
      const why = verdict.held ? [] : explanation(key, happened).filter((sentence) => !told.has(sentence));
      for (const sentence of why) told.add(sentence);
      results.push(result(key, range, verdict, why));
    }
  }
  return results;
}

function result(key: string, range: SourceRange, verdict: Verdict, explanation: readonly string[]): ExpectationResult {
  const { what, expected, actual, held } = verdict;
  return { what: `${key}${what}`, expected, actual, held, explanation, range };
}

function explanation(key: keyof StepExpect, happened: Happened): string[] {
  const { context, events, executed, listened } = happened;
  const own = ownExplanation(key, happened);
  if (own !== null) return own;
  const naming = {
    address: (address: number | bigint) => symbolicAddress(address, context.names.symbols),
    process: (pid: number) => context.nameOf(pid),
  };
  const sentences = sentencesOf(events, naming);
  if (executed.translation?.fault) sentences.unshift(executed.translation.fault.sentence);
  if (sentences.length > 0) return sentences;
  if (!listened) return ['run without --quiet to see why: events were not collected'];
  return key === 'fault' || key === 'faults' ? ['no page fault and no signal: the page table allowed the access'] : [];
}

/** What explains this expectation, where the events of the step as they come do not; null where they do. */
function ownExplanation(key: keyof StepExpect, { node, context, executed, events }: Happened): string[] | null {
  const { process } = context;
  switch (key) {
    case 'value':
    case 'bytes':
    case 'text': {
      const { step } = node;
      // A step that read nothing ended in a signal, which its events tell.
      if (executed.bytes === undefined || process === null || !('at' in step) || step.at === undefined) return null;
      const start = Number(context.address(step.at));
      return originOf(context, process, start, start + executed.bytes.length);
    }
    case 'resident': {
      const view = processView(context);
      if (view === null) return [];
      const resident = view.areas.filter((area) => area.residentPages > 0);
      const address = (value: number) => symbolicAddress(value, context.names.symbols);
      if (resident.length === 0) return ['no page of the process is resident'];
      return resident.map(
        (area) =>
          `${area.residentPages} resident in ${address(area.start)}..${address(area.end)} ${area.perms} ${area.name}`,
      );
    }
    case 'evicted':
      return events.some((event) => event.type === 'Eviction') ? null : ['nothing was evicted during the step'];
    // What differs stands in what was found there.
    case 'maps':
    case 'vmflags':
    case 'smaps':
    case 'status':
    case 'vmstat':
    case 'group':
    case 'dmesg':
    case 'output':
      return [];
    case 'exitCode':
    case 'killedBy': {
      const ending = executed.pid === undefined ? undefined : context.names.endings.get(executed.pid);
      return ending === undefined ? null : [`${context.nameOf(executed.pid ?? 0)} ${ending}`];
    }
    default:
      return null;
  }
}

/** A name in an expectation may have no value; that is an expectation that does not hold. */
function verdictsSafely(key: keyof StepExpect, expect: StepExpect, happened: Happened): Verdict[] {
  try {
    return verdicts(key, expect, happened);
  } catch (reason) {
    if (!(reason instanceof CannotRun)) throw reason;
    return [{ what: '', expected: 'an address', actual: reason.message, held: false }];
  }
}

const ENCODER = new TextEncoder();
const DECODER = new TextDecoder();
const one = (expected: string, actual: string, held = expected === actual): Verdict[] => [
  { what: '', expected, actual, held },
];
const counted = (amount: Amount, actual: number): Verdict[] =>
  one(amountText(amount), String(actual), amountHolds(amount, actual));

function verdicts(key: keyof StepExpect, expect: StepExpect, happened: Happened): Verdict[] {
  const { executed, cost, context } = happened;
  switch (key) {
    case 'value':
      return valueVerdict(expect.value!, happened);
    case 'bytes':
      return one(hexOf(expect.bytes!), executed.bytes === undefined ? outcomeText(happened) : hexOf(executed.bytes));
    case 'text': {
      const wanted = hexOf(ENCODER.encode(expect.text!));
      const actual = executed.bytes;
      return one(
        JSON.stringify(expect.text),
        actual === undefined ? outcomeText(happened) : JSON.stringify(DECODER.decode(actual)),
        actual !== undefined && hexOf(actual) === wanted,
      );
    }
    case 'fault':
      return [faultVerdict(expect.fault!, happened)];
    case 'faults':
      return counted(
        expect.faults!,
        happened.listened ? happened.faults.length : (cost.minorFaults ?? 0) + (cost.majorFaults ?? 0),
      );
    case 'minor':
      return counted(expect.minor!, cost.minorFaults ?? 0);
    case 'major':
      return counted(expect.major!, cost.majorFaults ?? 0);
    case 'walks':
      return counted(expect.walks!, cost.walks ?? 0);
    case 'swapReads':
      return counted(expect.swapReads!, cost.swapReads ?? 0);
    case 'swapWrites':
      return counted(expect.swapWrites!, cost.swapWrites ?? 0);
    case 'signal':
      return one(expect.signal!, executed.signal?.signal ?? 'none');
    case 'code':
      return one(expect.code!, executed.signal?.code ?? 'no signal');
    case 'errorCode':
      return one(String(expect.errorCode), String(executed.signal?.errorCode ?? 'no error code'));
    case 'address':
      return addressVerdict(expect.address!, happened);
    case 'errno':
      return one(expect.errno!, executed.errno ?? outcomeText(happened));
    case 'count':
      return executed.count === undefined
        ? one(amountText(expect.count!), outcomeText(happened), false)
        : counted(expect.count!, executed.count);
    case 'pid':
      return one(String(expect.pid), executed.pid === undefined ? outcomeText(happened) : String(executed.pid));
    case 'exitCode':
      return one(
        String(expect.exitCode),
        executed.exitCode == null ? (executed.killedBy ?? outcomeText(happened)) : String(executed.exitCode),
      );
    case 'killedBy':
      return one(
        expect.killedBy!,
        executed.killedBy ?? (executed.exitCode == null ? outcomeText(happened) : `exit code ${executed.exitCode}`),
      );
    case 'tlb':
      return tlbVerdict(expect.tlb!, happened);
    case 'physical':
      return one(
        hexAddress(context.address(expect.physical!)),
        executed.translation?.physical == null ? outcomeText(happened) : hexAddress(executed.translation.physical),
      );
    case 'refused':
      return one(expect.refused!, executed.translation?.fault?.rule ?? outcomeText(happened));
    case 'level':
      return one(String(expect.level), String(executed.translation?.fault?.level ?? outcomeText(happened)));
    case 'indices':
      return one(
        expect.indices!.join(', '),
        executed.translation?.walk.map((step) => step.index).join(', ') || 'no walk',
      );
    case 'byte':
      return byteVerdict(expect.byte!, happened);
    case 'counters':
      return Object.entries(expect.counters!).map(([name, amount]) => {
        const actual = cost[name as CounterName] ?? 0;
        return {
          what: `.${name}`,
          expected: amountText(amount!),
          actual: String(actual),
          held: amountHolds(amount!, actual),
        };
      });
    case 'evicted':
      return evictedVerdict(expect, happened);
    case 'resident': {
      const view = processView(context);
      return view === null
        ? noProcess()
        : residentVerdicts(expect.resident!, view, context.machine.format.pageBytes, context);
    }
    case 'maps': {
      const view = processView(context);
      const address = (value: number) => symbolicAddress(value, context.names.symbols);
      return view === null ? noProcess() : mapsVerdicts(expect.maps!, view, context, address);
    }
    case 'vmflags': {
      const view = processView(context);
      return view === null ? noProcess() : vmFlagsVerdicts(expect.vmflags!, view, context);
    }
    case 'smaps':
      return smapsVerdicts(expect.smaps!, context);
    case 'status':
      return statusVerdicts(expect.status!, context);
    case 'vmstat':
      return vmstatVerdicts(expect.vmstat!, context);
    case 'group':
      return groupVerdicts(expect.group!, context);
    case 'dmesg':
      return [dmesgVerdict(expect.dmesg!, context, context.logStart)];
    case 'vec':
      return one(expect.vec!, executed.vec ?? outcomeText(happened));
    case 'output':
      return context.process === null
        ? noProcess()
        : one(JSON.stringify(expect.output), JSON.stringify(outputText(context.process.output)));
    case 'result':
      return [
        resultVerdict(expect.result as Exclude<typeof expect.result, undefined>, executed, outcomeText(happened)),
      ];
    case 'prints':
      return [printsVerdict(expect.prints!, executed)];
    case 'heap':
      return heapVerdicts(expect.heap!, context);
    case 'errors':
      return [errorsVerdict(expect.errors!, executed.errors ?? [])];
    case 'leaks':
      return leaksVerdicts(expect.leaks!, executed.leaks);
    default:
      return key satisfies never;
  }
}

const noProcess = (): Verdict[] => one('a process', 'the step names none, and not exactly one is running', false);
export const outputText = (bytes: readonly number[]): string => DECODER.decode(Uint8Array.from(bytes));
const hexAddress = (address: Quantity): string => `0x${address.toString(16)}`;

export function processView(context: StepContext): ProcessView | null {
  if (context.process === null) return null;
  return context.machine.view().processes[String(context.process.pid)] ?? null;
}

/** What came instead of the thing expected. */
function outcomeText({ executed }: Happened): string {
  const { outcome } = executed;
  switch (outcome.kind) {
    case 'signal':
      return `${outcome.info.signal}${outcome.info.code === null ? '' : ` ${outcome.info.code}`}`;
    case 'errno':
      return outcome.errno;
    case 'refused':
      return `refused: ${outcome.rule}`;
    case 'address':
    case 'physical':
    case 'pointer':
      return hexAddress(outcome.address);
    case 'answer':
      return outcome.text;
    case 'value':
      return outcome.number ?? outcome.bytes;
    case 'count':
      return String(outcome.count);
    case 'process':
      return `pid ${outcome.pid}`;
    case 'dead':
      return outcome.why;
    case 'ok':
      return 'ok';
    default:
      return outcome satisfies never;
  }
}

function valueVerdict(expected: Expression, happened: Happened): Verdict[] {
  const { executed, context } = happened;
  const wanted = BigInt(context.quantity(expected));
  if (executed.bytes === undefined) return one(expected.text, outcomeText(happened), false);
  const actual = littleEndian(executed.bytes);
  // -1 and 0xffffffff are the same four bytes.
  const held = actual === wanted || (wanted < 0n && actual === BigInt.asUintN(8 * executed.bytes.length, wanted));
  const shown = expected.constant === null ? `${expected.text} (${wanted})` : wanted.toString();
  return one(
    shown,
    wanted < 0n ? BigInt.asIntN(8 * executed.bytes.length, actual).toString() : actual.toString(),
    held,
  );
}

function addressVerdict(expected: Expression, happened: Happened): Verdict[] {
  const { executed, context } = happened;
  const wanted = context.address(expected);
  const { outcome, signal } = executed;
  const answered = outcome.kind === 'address' || outcome.kind === 'pointer' ? outcome.address : null;
  const actual = signal?.address ?? answered;
  if (actual === null) return one(hexAddress(wanted), outcomeText(happened), false);
  return one(hexAddress(wanted), hexAddress(actual), BigInt(wanted) === BigInt(actual));
}

function tlbVerdict(expected: 'hit' | 'miss' | 'L1' | 'L2', happened: Happened): Verdict[] {
  const { executed, cost } = happened;
  const lookup = executed.translation?.tlb;
  if (lookup !== undefined && lookup !== null) {
    const actual = lookup.hit === null ? 'miss' : expected === 'hit' ? 'hit' : lookup.hit;
    return one(expected, actual);
  }
  if ((cost.tlbHits ?? 0) + (cost.tlbMisses ?? 0) === 0) return one(expected, 'no TLB was asked', false);
  const missed = (cost.tlbMisses ?? 0) > 0;
  const level = (cost.l2TlbHits ?? 0) > 0 ? 'L2' : 'L1';
  return one(expected, missed ? 'miss' : expected === 'hit' ? 'hit' : level);
}

function byteVerdict(expected: Expression, happened: Happened): Verdict[] {
  const { executed, context } = happened;
  const physical = executed.translation?.physical;
  const wanted = BigInt(context.quantity(expected));
  if (physical === undefined || physical === null) return one(`0x${wanted.toString(16)}`, outcomeText(happened), false);
  if (physical >= context.machine.config.memory)
    return one(`0x${wanted.toString(16)}`, 'beyond physical memory', false);
  return one(`0x${wanted.toString(16)}`, `0x${context.machine.memory.load8(physical).toString(16)}`);
}

function evictedVerdict(expect: StepExpect, { events, context }: Happened): Verdict[] {
  const { evicted } = expect;
  const { symbols } = context.names;
  const pageBytes = context.machine.format.pageBytes;
  const evictions = events.flatMap((event) => (event.type === 'Eviction' ? [event] : []));
  const actual = evictions.map(
    (event) =>
      event.mappings
        .map((page) => `${symbolicAddress(page.address, symbols)} of ${context.nameOf(page.pid)}`)
        .join(', ') || `frame ${event.pfn}`,
  );
  const actualText = actual.length === 0 ? 'none' : actual.join('; ');
  const wanted = Array.isArray(evicted) ? evicted : evicted === undefined ? [] : [evicted];
  const first = wanted[0];
  if (wanted.length === 1 && first !== undefined && !('at' in first) && first.text === 'none') {
    return one('none', actualText, evictions.length === 0);
  }
  const matches = wanted.map((page, index) => {
    const at = context.address('at' in page ? page.at : page);
    const name = 'at' in page ? page.process : undefined;
    return (evictions[index]?.mappings ?? []).some((mapping) => {
      const inPage = Math.floor(Number(at) / pageBytes) === Math.floor(mapping.address / pageBytes);
      return inPage && (name === undefined || context.nameOf(mapping.pid) === context.resolvedName(name));
    });
  });
  const expected = wanted.map((page) =>
    'at' in page ? `${page.at.text}${page.process === undefined ? '' : ` of ${page.process}`}` : page.text,
  );
  return one(expected.join('; '), actualText, evictions.length === wanted.length && matches.every(Boolean));
}
