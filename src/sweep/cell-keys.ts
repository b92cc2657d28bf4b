/** Which cells of one trace and page size share work: the same replay of a policy, the same TLB. */
import type { TlbConfig } from '../mmu/tlb/config.ts';
import { canonicalJson } from './canonical-json.ts';
import type { Cell } from './cell.ts';

/** The same for cells whose policies do the same; a seed is of consequence for `random` alone. */
export const runKey = ({ parameters: { policy, frames, options, seed } }: Cell): string =>
  canonicalJson([policy, frames, options, policy === 'random' ? seed : null]);

/** The same for cells whose TLBs do the same. */
export const tlbKey = ({ parameters: { tlb, seed } }: Cell): string =>
  canonicalJson([tlb, tlb !== null && tlb !== 'none' && drawsAtRandom(tlb) ? seed : null]);

/** Does any level choose at random? */
export const drawsAtRandom = ({ policy, l2 }: TlbConfig): boolean => policy === 'random' || l2?.policy === 'random';
