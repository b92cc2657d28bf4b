/** A row against itself: figures that no measurement can have given. Whoever changed one of them by hand changed its meaning. */
import { ratio } from '../trace/replay.ts';
import type { Figures, ScenarioFigures, TlbFigures, TraceFigures } from './row.ts';

/** What contradicts what, in words; null where nothing does. */
export function contradictionIn(figures: Figures): string | null {
  return figures.kind === 'trace' ? inTrace(figures) : inScenario(figures);
}

function inTrace({ references, hits, faults, coldFaults, hitRatio, tlb }: TraceFigures): string | null {
  if (hits !== null && faults !== null) {
    if (hits + faults !== references) return `${hits} hits and ${faults} faults are not ${references} references`;
    if (coldFaults !== null && coldFaults > faults) return `${coldFaults} cold faults of ${faults}`;
    if (hitRatio !== ratio(hits, references)) return `${hits} of ${references} is not the hit ratio ${hitRatio}`;
  } else if ([hits, faults, coldFaults, hitRatio].some((figure) => figure !== null)) return 'hits without faults';
  return tlb === null ? null : inTlb(tlb);
}

function inTlb({ lookups, l1Hits, l2Hits, walks, hitRatio }: TlbFigures): string | null {
  if (l1Hits + l2Hits + walks !== lookups) return `TLB hits and walks are not ${lookups} look-ups`;
  return hitRatio === ratio(l1Hits + l2Hits, lookups) ? null : `the TLB’s hit ratio is not ${hitRatio}`;
}

function inScenario({ evictions, dirtyEvictions, tlbHits, l2TlbHits }: ScenarioFigures): string | null {
  if (dirtyEvictions > evictions) return `${dirtyEvictions} dirty evictions of ${evictions}`;
  return l2TlbHits > tlbHits ? `${l2TlbHits} hits of the second-level TLB among ${tlbHits}` : null;
}
