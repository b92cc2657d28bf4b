/** Sentences that tell what happened in a step, made from its events: why an expectation did not hold. */
import type { MachineEvent } from '../../machine/events.ts';

/** Enough to understand, not so many that nobody reads them. */
const SENTENCES_MAX = 12;

export interface Naming {
  /** An address as symbol+offset where there is one. */
  readonly address: (address: number | bigint) => string;
  readonly process: (pid: number) => string;
}

/** What the events say, in order, the same sentence once. */
export function sentencesOf(events: readonly MachineEvent[], naming: Naming): string[] {
  const sentences = new Set<string>();
  for (const event of events) {
    const sentence = sentenceOf(event, naming);
    if (sentence !== null) sentences.add(sentence);
  }
  const all = [...sentences];
  if (all.length <= SENTENCES_MAX) return all;
  return [...all.slice(0, SENTENCES_MAX), `… and ${all.length - SENTENCES_MAX} more`];
}

function sentenceOf(event: MachineEvent, naming: Naming): string | null {
  switch (event.type) {
    case 'PageFault': {
      const what = `${event.access} at ${naming.address(event.address)} faulted (${event.hardware.sentence})`;
      return `${what}; resolved as ${event.kind}${event.major ? ', a major fault' : ''}: ${event.why}`;
    }
    case 'CowCopy':
      return `frame ${event.from} was copied to frame ${event.to} for ${naming.process(event.pid)}`;
    case 'Eviction': {
      const from = event.mappings
        .map((page) => `${naming.address(page.address)} of ${naming.process(page.pid)}`)
        .join(', ');
      return `${from || `frame ${event.pfn}`} was evicted (${event.dirty ? 'dirty' : 'clean'}, to ${event.to}): ${event.why}`;
    }
    case 'Signal': {
      const killed = event.killed ? ', which killed it' : ', which it survived';
      return `${naming.process(event.pid)} got ${event.info.signal}${event.info.code === null ? '' : ` ${event.info.code}`}${killed}: ${event.info.reason}`;
    }
    case 'Syscall':
      return typeof event.result === 'string' ? `${event.name} answered ${event.result}` : null;
    case 'Call':
      return event.pointer && event.result === 0 && !event.stopped ? `${event.name} answered NULL` : null;
    case 'StackExpanded':
      return `the stack of ${naming.process(event.pid)} grew down to ${naming.address(event.to)}`;
    case 'OomKill':
      return `${event.group === undefined ? 'memory ran out' : `memory group ${event.group} is at its limit`}: ${naming.process(event.pid)} was killed, with the highest badness (${event.badness})`;
    case 'KswapdWoke':
      return `kswapd woke: ${event.free} frames were free, and at ${event.low} (low) it is time`;
    case 'KswapdSlept':
      return `kswapd freed ${event.reclaimed} pages: ${event.free} frames are free then, and it sleeps above ${event.high} (high)`;
    case 'DirectReclaim':
      return `${naming.process(event.pid)} had to reclaim itself, as only ${event.free} frames were free (min ${event.min}): ${event.reclaimed} pages freed`;
    case 'Translate':
      return translateSentence(event, naming);
    case 'Access':
    case 'SwapOut':
    case 'SwapIn':
    case 'TlbInvalidate':
    case 'TlbShootdown':
    case 'ContextSwitch':
    case 'Fork':
    case 'Exit':
    case 'Wait':
      return null;
    default:
      return event satisfies never;
  }
}

/** Only what went through: a refused try is told by the fault or signal that follows it. */
function translateSentence(event: Extract<MachineEvent, { type: 'Translate' }>, naming: Naming): string | null {
  const { translation } = event;
  if (translation.physical === null) return null;
  const hit = translation.tlb?.hit ?? null;
  const by = hit === null ? 'after a page-table walk' : `by the ${hit} TLB`;
  const frame = `physical 0x${translation.physical.toString(16)}`;
  return `${event.access} at ${naming.address(translation.address)} was translated ${by} to ${frame}`;
}

/** Addresses shown relative to the nearest symbol below, when it is near enough to be meant. */
const SYMBOL_REACH = 64 * 1024 * 1024;

export function symbolicAddress(address: number | bigint, symbols: ReadonlyMap<string, number>): string {
  const plain = `0x${address.toString(16)}`;
  if (typeof address === 'bigint') return plain;
  let best: string | null = null;
  let base = -1;
  for (const [name, value] of symbols) {
    if (value <= address && value > base && address - value < SYMBOL_REACH) {
      best = name;
      base = value;
    }
  }
  if (best === null) return plain;
  return address === base ? best : `${best}+0x${(address - base).toString(16)}`;
}
