/** A scenario run on another machine than its own: the cell's parameters in place of what `machine:` says. */
import { obeyedOptions } from '../kernel/reclaim/option-table.ts';
import { InputError, InputErrors } from '../mmu/input-error.ts';
import { sizeText } from '../mmu/size-text.ts';
import { loadScenario } from '../scenario/load.ts';
import type { ScenarioResult } from '../scenario/result.ts';
import { runScenario } from '../scenario/run.ts';
import { type MachineSpec, pageBytesOf } from '../scenario/schema/machine.ts';
import type { Cell, CellParameters } from './cell.ts';
import { cellErrorOf, errorRow } from './cell-error.ts';
import type { Row, ScenarioFigures } from './row.ts';

/** @param file to name in what is wrong with the text */
export function measureScenario(cell: Cell, text: string, file: string): Row {
  try {
    const scenario = loadScenario(text, file);
    const machine = overridden(scenario.machine, cell.parameters);
    const result = runScenario({ ...scenario, machine }, { events: false, views: false, keep: 'none' });
    return { index: cell.index, id: cell.id, figures: figuresOf(result), error: null };
  } catch (thrown) {
    return errorRow(cell, cellErrorOf(thrown));
  }
}

/** @throws InputErrors MEM-SWP-035, -036 for what this machine cannot be */
function overridden(own: MachineSpec, parameters: CellParameters): MachineSpec {
  const { policy, frames, memory, tlb, pageSize, seed, options } = parameters;
  const errors: InputError[] = [];
  const pageBytes = pageBytesOf(own);
  if (pageSize !== null && pageSize !== pageBytes) {
    errors.push(
      new InputError({
        code: 'MEM-SWP-035',
        message: `the pages of this machine have ${sizeText(pageBytes)}, not ${sizeText(pageSize)}`,
        hint: 'the size is that of its page-table format (`paging`); leave `pageSize` to traces',
      }),
    );
  }
  if (own.kernel === 'none' && (policy !== null || frames !== null || Object.keys(options).length > 0)) {
    errors.push(
      new InputError({
        code: 'MEM-SWP-036',
        message: 'on a machine with `kernel: none` nobody replaces pages',
        hint: 'such scenarios have a TLB and memory, but no `policy`, no `frames` and no `options`',
      }),
    );
  }
  if (errors.length > 0) throw new InputErrors(errors);
  return {
    ...own,
    ...(policy === null ? {} : { replacement: policy }),
    // Of its own options, those that mean something to the cell's policy.
    replacementOptions: { ...obeyedOptions(own.replacementOptions ?? {}, policy, 'machine'), ...options },
    ...(frames === null ? {} : { residentPages: frames }),
    ...(memory === null ? {} : { memory }),
    ...(tlb === null ? {} : { tlb: tlb === 'none' ? null : tlb }),
    ...(seed === null ? {} : { seed }),
  };
}

function figuresOf({ status, stepsRun, expectations, counters }: ScenarioResult): ScenarioFigures {
  const { accesses, minorFaults, majorFaults, evictions, dirtyEvictions, swapReads, swapWrites, oomKills } = counters;
  const { tlbHits, tlbMisses, l2TlbHits, walks, pteReads } = counters;
  return {
    kind: 'scenario',
    status,
    steps: stepsRun ?? 0,
    expectationsHeld: expectations?.held ?? 0,
    expectationsFailed: expectations?.failed ?? 0,
    accesses,
    minorFaults,
    majorFaults,
    evictions,
    dirtyEvictions,
    swapReads,
    swapWrites,
    oomKills,
    tlbHits,
    tlbMisses,
    l2TlbHits,
    walks,
    pteReads,
  };
}
