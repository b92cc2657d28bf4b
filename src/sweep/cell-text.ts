import { sizeText } from '../mmu/size-text.ts';
import type { TlbConfig, TlbLevelConfig } from '../mmu/tlb/config.ts';
import type { CellParameters } from './cell.ts';

interface Named {
  readonly name: string;
}

/** A cell, or a row of results, for a person, in one line: `ls.lackey.gz, lru, 64 frames, TLB 64/4, pages of 4KiB`. */
export function cellText(cell: { readonly input: Named | string; readonly parameters: CellParameters }): string {
  const { input, parameters } = cell;
  return [typeof input === 'string' ? input : input.name, ...parameterTexts(parameters)].join(', ');
}

/** Only the axes that are there. */
export function parameterTexts({ policy, frames, memory, tlb, pageSize, seed, options }: CellParameters): string[] {
  return [
    ...(policy === null ? [] : [policy]),
    ...Object.entries(options).map(([name, value]) => `${name}=${String(value)}`),
    ...(frames === null ? [] : [frames === 1 ? '1 frame' : `${frames} frames`]),
    ...(memory === null ? [] : [`memory ${sizeText(memory)}`]),
    ...(tlb === null ? [] : [tlb === 'none' ? 'no TLB' : `TLB ${tlbText(tlb)}`]),
    ...(pageSize === null ? [] : [`pages of ${sizeText(pageSize)}`]),
    ...(seed === null ? [] : [`seed ${seed}`]),
  ];
}

/** Entries/ways of each level, and what is not usual: `64/4`, `16/16 fifo + 1536/12, split`. */
export function tlbText(tlb: TlbConfig | 'none'): string {
  if (tlb === 'none') return 'none';
  const levels = [tlb, ...(tlb.l2 === undefined ? [] : [tlb.l2])].map(levelText).join(' + ');
  return `${levels}${tlb.split === true ? ', split' : ''}${tlb.asids === false ? ', no ASIDs' : ''}`;
}

const levelText = ({ entries, ways, policy }: TlbLevelConfig): string =>
  `${entries}/${ways}${policy === undefined ? '' : ` ${policy}`}`;
