/**
 * The whole story of one step, from its events: how the address splits, who was asked, which entry decided, what the
 * kernel did and why, which page paid for it, and what came of it.
 */
import type { MachineEvent } from '../../machine/events.ts';
import type { PageTableFormat } from '../../mmu/page-table/formats.ts';
import type { Translation } from '../../mmu/translation.ts';
import type { ScenarioResult, StepResult } from '../../scenario/result.ts';
import { columns, wrap } from '../columns.ts';
import { foundBy, printedBy } from '../heap-report.ts';
import { type Names, namesOf } from '../names.ts';
import { bytesText, stepIsGood, stepOutcomeText } from '../outcome.ts';
import { allExpectationLines, filledIn, stepNumber } from '../pretty-steps.ts';
import { printableResult, printableStep } from '../printable.ts';
import { counted, hex } from '../quantities.ts';
import { place } from '../reporter.ts';
import { paint, type Style } from '../style.ts';
import { evictionText, reasonFirst, stillCachedText, whyOf } from '../why.ts';
import { addressSplit } from './address-split.ts';
import { forgottenLines } from './forgotten.ts';
import { kernelLogLines } from './kernel-log.ts';
import { isToldInShort, leftOutLines } from './left-out.ts';
import { refusalLines } from './refusal.ts';
import { callText } from './system-call.ts';
import { flagLegend, tlbSentence, walkDrawing } from './walk-drawing.ts';

export interface StoryOptions {
  readonly style: Style;
  readonly format: PageTableFormat;
  /** Tell every translation of an access to many pages; otherwise the first few. */
  readonly verbose: boolean;
}

/** Translations told in full: an access to a long buffer makes one a page. */
const TRANSLATIONS_MAX = 6;
/** Told however long the access was. */
const ENDINGS: ReadonlySet<MachineEvent['type']> = new Set(['Signal', 'OomKill', 'Exit']);

export function stepStory(ran: ScenarioResult, told: StepResult, options: StoryOptions): string[] {
  const result = printableResult(ran);
  const step = printableStep(told);
  const { style } = options;
  const names = namesOf(result);
  const lines = [
    '',
    ` ${paint(style, 'bold', `step ${stepNumber(step)}`)}  ${paint(style, 'bold', filledIn(step))}`,
    ` ${paint(style, 'dim', `${place(result.file, step.range)}${loopText(step)}`)}`,
  ];
  if (step.note !== null)
    lines.push(...wrap(step.note, style.width - 4).map((line) => ` ${paint(style, 'dim', `# ${line}`)}`));
  lines.push(...new Teller(names, options).tell(step.events, step.translation));
  lines.push(...ending(step, names, result.file, style), '');
  return lines;
}

function loopText(step: StepResult): string {
  const variables = Object.entries(step.loop).map(([name, value]) => `${name} = ${value}`);
  return variables.length === 0 ? '' : `  with ${variables.join(', ')}`;
}

/** Goes through the events in order; remembers what it has already drawn, so nothing is drawn twice. */
class Teller {
  private readonly names: Names;
  private readonly options: StoryOptions;
  private readonly lines: string[] = [];
  private splitDrawn: string | null = null;
  private legendShown = false;
  private translations = 0;
  private skipped = 0;
  /** Of what is not told in full: reclaim and swap, told in short. */
  private leftOut: MachineEvent[] = [];
  /** What a fault came to, told when all that was done for it has been. */
  private served: string | null = null;
  /** What TLBs forgot since the last line. */
  private forgotten: Extract<MachineEvent, { type: 'TlbInvalidate' }>[] = [];
  private oomKilled: number | null = null;
  /** The last heading was a signal's. */
  private underSignal = false;
  /** Slot that a frame was just written to, told with its eviction. */
  private readonly slots = new Map<number, number>();

  constructor(names: Names, options: StoryOptions) {
    this.names = names;
    this.options = options;
  }

  /** `looked`: the translation of a step that only looks, which has no event for it. */
  tell(events: readonly MachineEvent[], looked: Translation | undefined): readonly string[] {
    if (looked !== undefined && !events.some((event) => event.type === 'Translate')) {
      this.heading('address', `${this.names.address(looked.address)}, for a ${looked.access}`);
      this.draw(looked);
      if (looked.physical !== null) this.heading('found', this.physical(looked.physical));
    }
    for (const event of reasonFirst(events)) {
      if (this.isLeftOut(event)) continue;
      this.andSoOn();
      if (event.type === 'TlbInvalidate') {
        this.forgotten.push(event);
        continue;
      }
      // Written with its eviction, so no line comes between.
      if (event.type !== 'SwapOut') this.sayForgotten(event);
      this.event(event);
    }
    this.sayForgotten(null);
    this.sayServed();
    this.andSoOn();
    this.say(stillCachedText(events) ?? '');
    return this.lines;
  }

  /** An access to many pages is told for the first few, and then for how it ended. */
  private isLeftOut(event: MachineEvent): boolean {
    if (event.type === 'Translate') this.translations++;
    if (this.options.verbose || this.translations <= TRANSLATIONS_MAX || ENDINGS.has(event.type)) return false;
    if (event.type === 'Translate') this.skipped++;
    if (event.type === 'SwapOut') this.slots.set(event.pfn, event.slot);
    if (isToldInShort(event)) this.leftOut.push(event);
    return true;
  }

  private andSoOn(): void {
    if (this.skipped === 0) return;
    this.heading('and so on', `${counted(this.skipped, 'more translation')} of this step; --verbose tells them all`);
    for (const line of leftOutLines(this.leftOut, this.slots, this.names)) this.say(line);
    this.skipped = 0;
    this.leftOut = [];
  }

  private event(event: MachineEvent): void {
    switch (event.type) {
      case 'Translate':
        this.translate(event.translation, event);
        return;
      case 'PageFault':
        this.heading(`kernel: ${event.kind}`, event.major ? 'major fault: the disk was needed' : 'minor fault');
        this.say(event.why);
        this.served = `frame ${event.pfn} serves the page now`;
        return;
      case 'SwapOut':
        this.slots.set(event.pfn, event.slot);
        return;
      case 'Eviction':
        this.leaveSignal();
        this.say(evictionText(event, this.names, this.slots.get(event.pfn)));
        return;
      case 'Access':
        this.access(event);
        return;
      case 'Syscall':
        this.heading('system call', callText(event));
        this.say(whyOf(event, this.names)?.text ?? '');
        return;
      case 'ContextSwitch':
        this.say(`CPU ${event.cpu} now runs ${this.names.process(event.to)}`);
        return;
      case 'Signal':
        this.signal(event);
        return;
      case 'OomKill':
        this.oomKilled = event.pid;
        this.say(whyOf(event, this.names)?.text ?? '');
        return;
      case 'Wait':
        this.say(`${this.names.process(event.parent)} reaps ${this.names.process(event.child)}`);
        return;
      case 'TlbInvalidate':
        return;
      default: {
        if (event.type === 'SwapIn' || event.type === 'CowCopy') this.leaveSignal();
        const why = whyOf(event, this.names);
        if (why !== null) this.say(why.text);
      }
    }
  }

  /** While a fault is served somebody else is killed to make room: a line of that fault's. */
  private signal(event: MachineEvent & { type: 'Signal' }): void {
    const { signal, code } = event.info;
    const who = this.names.process(event.pid);
    const why = event.pid === this.oomKilled ? `${who} is killed` : (whyOf(event, this.names)?.text ?? '');
    if (this.served !== null) {
      this.say(`${signal} to ${who}: ${why}`);
      return;
    }
    this.heading(`signal: ${signal}`, `${code === null ? '' : `${code} `}to ${who}`);
    this.say(why);
    this.underSignal = true;
  }

  /** What makes room for others is none of the signal's. */
  private leaveSignal(): void {
    if (this.underSignal) this.heading('kernel: making room');
  }

  private sayForgotten(next: MachineEvent | null): void {
    const lines = forgottenLines(this.forgotten, next, this.options.format.pageBytes, this.names);
    this.forgotten = [];
    for (const line of lines) this.say(line);
  }

  private translate(translation: Translation, event: MachineEvent & { type: 'Translate' }): void {
    const what = `${event.access} of ${counted(event.size, 'byte')} on CPU ${event.cpu}`;
    if (event.attempt > 0) this.heading('the access is tried again');
    else this.heading('address', `${this.names.address(translation.address)}, ${what}`);
    this.draw(translation);
  }

  private draw(translation: Translation): void {
    const { style, format } = this.options;
    const leafLevel = translation.walk.find((step) => step.kind === 'leaf')?.level ?? 0;
    const split = addressSplit(translation.address, format, leafLevel, style);
    const key = `${translation.vpn} ${leafLevel}`;
    if (this.splitDrawn !== key) {
      this.splitDrawn = key;
      this.lines.push(...split.map((line) => `   ${line}`));
    }
    this.say(`${paint(style, 'bold', 'TLB')}   ${tlbSentence(translation)}`);
    this.walk(translation);
    if (translation.fault !== null)
      this.lines.push(...refusalLines(translation.fault, style).map((line) => `   ${line}`));
  }

  private walk(translation: Translation): void {
    const { style, format } = this.options;
    if (translation.walk.length === 0) return;
    const answered = translation.tlb !== null && translation.tlb.hit !== null && translation.dirtyWalk !== true;
    const root = hex(translation.walk[0]?.tableAddress ?? 0);
    const aside = answered ? paint(style, 'dim', ' (not needed: the TLB had the answer)') : '';
    this.say(`${paint(style, 'bold', 'walk')}  from the root table at ${root}${aside}`);
    this.lines.push(...walkDrawing(translation, format.pageBytes, style, '         '));
    if (!this.legendShown)
      this.lines.push(...flagLegend(translation).map((line) => `         ${paint(style, 'dim', line)}`));
    this.legendShown = true;
  }

  private access(event: MachineEvent & { type: 'Access' }): void {
    if (event.physical === null || event.bytes === null) return;
    const verb = event.access === 'store' ? 'written' : 'read';
    this.heading('done', this.physical(event.physical));
    this.say(`${verb}: ${bytesText(event.bytes)}`);
  }

  private physical(address: number): string {
    const { pageBytes } = this.options.format;
    return `physical ${hex(address)} = frame ${Math.floor(address / pageBytes)} + ${hex(address % pageBytes)}`;
  }

  private sayServed(): void {
    const text = this.served;
    this.served = null;
    if (text !== null) this.say(text);
  }

  private heading(title: string, rest = ''): void {
    this.sayServed();
    this.underSignal = false;
    const { style } = this.options;
    const [first = '', ...more] = wrapKeepingGaps(rest, style.width - title.length - 6);
    this.lines.push('', ` ${paint(style, 'yellow', '▸')} ${paint(style, 'bold', title)}  ${first}`.trimEnd());
    this.lines.push(...more.map((line) => `   ${line}`));
  }

  private say(text: string): void {
    if (text === '') return;
    this.lines.push(...wrapKeepingGaps(text, this.options.style.width - 4).map((line) => `   ${line}`));
  }
}

/** Our own short lines are aligned with runs of blanks: kept as they are where they fit. */
function wrapKeepingGaps(text: string, width: number): string[] {
  return text.length <= width ? [text] : wrap(text, width);
}

function ending(step: StepResult, names: Names, file: string, style: Style): string[] {
  const lines: string[] = [];
  // Where a drawn translation led has been said with it.
  const drawn = step.outcome.kind === 'physical' && step.translation !== undefined;
  const outcome = drawn ? '' : stepOutcomeText(step, names);
  if (outcome !== '') {
    lines.push(
      '',
      ` ${paint(style, 'yellow', '▸')} ${paint(style, 'bold', 'outcome')}  ${paint(style, stepIsGood(step) ? 'green' : 'yellow', outcome)}`,
    );
    if (step.outcome.kind === 'errno' && step.outcome.why !== undefined)
      lines.push(...wrap(step.outcome.why, style.width - 4).map((line) => `   ${line}`));
    // A drawn translation has said it already.
    if (step.outcome.kind === 'refused' && step.translation === undefined)
      lines.push(...wrap(step.outcome.sentence, style.width - 4).map((line) => `   ${line}`));
  }
  for (const [title, told] of [
    ['printed', printedBy(step)],
    ['found', foundBy(step, names)],
  ] as const) {
    if (told.length === 0) continue;
    lines.push(
      '',
      ` ${paint(style, 'yellow', '▸')} ${paint(style, 'bold', title)}`,
      ...told.map((line) => `   ${line}`),
    );
  }
  lines.push(...kernelLogLines(step.events, style));
  const costs = Object.entries(step.cost).map(([name, count]) => [name, String(count)]);
  if (costs.length > 0) {
    lines.push(
      '',
      ` ${paint(style, 'yellow', '▸')} ${paint(style, 'bold', 'cost')}  ${paint(style, 'dim', 'counters that moved')}`,
    );
    lines.push(...columns(inTwo(costs), { indent: '   ', align: 'lrllr' }));
  }
  if (step.expectations.length > 0) {
    lines.push('', ` ${paint(style, 'yellow', '▸')} ${paint(style, 'bold', 'expected')}`);
    lines.push(...allExpectationLines(step.expectations, style, file).map((line) => line.slice(5)));
  }
  return lines;
}

/** Pairs set side by side: first half left, second half right. */
function inTwo(pairs: readonly string[][]): string[][] {
  const half = Math.ceil(pairs.length / 2);
  return pairs.slice(0, half).map((pair, index) => {
    const right = pairs[half + index];
    return right === undefined ? [...pair] : [...pair, '', ...right];
  });
}
