/** Names for numbers: a pid is shown as the process's name, an address beside its `symbol+offset`. */
import type { ScenarioResult } from '../scenario/result.ts';
import { hex } from './quantities.ts';

export interface Names {
  /** `child`, or `pid 7` when the scenario gave it no name. */
  process(pid: number): string;
  /** `buf+0x10`, or null when no symbol is near below. */
  symbol(address: number | bigint): string | null;
  /** `buf+0x10 (0x20010)`, or only the number. */
  address(address: number | bigint): string;
}

/** A symbol reaches this far: beyond it, `buf+0x7fff0000` says less than the number. */
const SYMBOL_REACH_BYTES = 1 << 20;

export function makeNames(processes: ReadonlyMap<number, string>, symbols: Readonly<Record<string, number>>): Names {
  const sorted = Object.entries(symbols).sort((left, right) => left[1] - right[1] || left[0].localeCompare(right[0]));
  const symbol = (address: number | bigint): string | null => {
    const value = Number(address);
    let best: [string, number] | null = null;
    for (const entry of sorted) {
      if (entry[1] > value) break;
      // Two symbols on one address: the first in the alphabet, always.
      if (best === null || entry[1] !== best[1]) best = entry;
    }
    if (best === null || value - best[1] >= SYMBOL_REACH_BYTES) return null;
    return value === best[1] ? best[0] : `${best[0]}+${hex(value - best[1])}`;
  };
  return {
    process: (pid) => processes.get(pid) ?? `pid ${pid}`,
    symbol,
    address: (address) => {
      const name = symbol(address);
      return name === null ? hex(address) : `${name} (${hex(address)})`;
    },
  };
}

/** Every name a result mentions. */
export function namesOf(result: Pick<ScenarioResult, 'steps' | 'symbols' | 'lastView'>): Names {
  const processes = new Map<number, string>();
  for (const process of Object.values(result.lastView?.processes ?? {})) processes.set(process.pid, process.name);
  for (const step of result.steps) {
    if (step.pid !== null && step.process !== null) processes.set(step.pid, step.process);
    if (step.outcome.kind === 'process') processes.set(step.outcome.pid, step.outcome.name);
  }
  return makeNames(processes, result.symbols);
}
