/**
 * What becomes of a page at the back of an inactive list [mm/vmscan.c:folio_check_references, shrink_folio_list]: second
 * chance, with a memory of one round.
 *
 *     used by no mapping since the last look        taken; a file's page that differs from the disk is first written
 *     used, marked as used before, or by two        active
 *     used, code of a file                          active
 *     used                                          marked, and one more round
 */
import { EXECUTABLE, type PageFacts } from './page-facts.ts';

export const TAKE = 'take';
/** `stay`: another round on the inactive list. `activate`: to the active one, or to the locked ones. */
export type Verdict = typeof TAKE | 'stay' | 'activate';

/** `group`: for whose limit; -1: for all memory. */
export function judge(pages: PageFacts, slot: number, group: number): Verdict {
  if (pages.isLocked(slot)) return 'activate';
  const references = pages.takeReferences(slot, group);
  const wasMarked = pages.testAndClearReferenced(slot);
  if (references > 0) {
    pages.setReferenced(slot);
    if (wasMarked || references % EXECUTABLE > 1) return 'activate';
    return references >= EXECUTABLE && pages.isFile(slot) ? 'activate' : 'stay';
  }
  if (!pages.isDirtyFile(slot)) return TAKE;
  // Reclaim leaves writing to those who do it in order of the disk; time stands still until they have.
  pages.clean(slot);
  return wasMarked ? 'stay' : 'activate';
}
