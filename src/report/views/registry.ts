/** What `inspect` can show, by name: each a picture as text, and the part of the machine's view it stands for. */
import type { MachineView } from '../../machine/view.ts';
import { wrap } from '../columns.ts';
import { framesView } from './frames.ts';
import { heapView } from './heap.ts';
import { mapsView } from './maps.ts';
import { pageTableView } from './page-table.ts';
import { processesView } from './processes.ts';
import { swapView } from './swap.ts';
import { tlbView } from './tlb.ts';
import type { ViewOptions } from './view-options.ts';

export interface View {
  readonly name: string;
  readonly description: string;
  /** What there is to see on bare hardware (`kernel: none`), where it is not this. */
  readonly bare?: string;
  text(view: MachineView, options: ViewOptions): string[];
  /** The data behind the text, for `--json`. */
  data(view: MachineView, process: number | null): unknown;
}

const processesOf = (view: MachineView, process: number | null) =>
  Object.values(view.processes).filter((candidate) => process === null || candidate.pid === process);

/** The picture as text; on bare hardware, where there is none, why not. */
export function viewText(shown: View, view: MachineView, options: ViewOptions): string[] {
  if (!options.bare || shown.bare === undefined) return shown.text(view, options);
  return wrap(`no ${shown.name} on this machine (kernel: none): ${shown.bare}`, options.style.width);
}

export const VIEWS: readonly View[] = [
  {
    name: 'maps',
    description: 'address spaces, in the format of /proc/PID/maps',
    bare: 'address spaces are a kernel’s: here are only the page tables that the scenario wrote',
    text: mapsView,
    data: (view, process) => processesOf(view, process).map(({ pid, name, areas }) => ({ pid, name, areas })),
  },
  {
    name: 'pagetable',
    description: 'page tables as trees, entries with address, frame and flag letters; --verbose: with their values',
    bare: 'the tables here are what the scenario wrote into memory, and no process’s; `explain FILE --at N` draws the walk of a `translate` step, entry by entry',
    text: pageTableView,
    data: (view, process) =>
      processesOf(view, process).map(({ pid, name, root, pages }) => ({ pid, name, root, pages })),
  },
  {
    name: 'frames',
    description: 'physical memory as a map, and who owns each frame',
    bare: 'nobody hands out frames here, so none is free and none is in use',
    text: framesView,
    data: (view, process) => ({
      memory: view.memory,
      frames: Object.values(view.frames).filter(
        (frame) => process === null || frame.mappings.some((mapping) => mapping.pid === process),
      ),
    }),
  },
  {
    name: 'tlb',
    description: 'what each CPU’s TLBs hold',
    text: tlbView,
    data: (view) => view.cpus,
  },
  {
    name: 'swap',
    description: 'the swap device: slots in use and whose pages they hold',
    bare: 'swapping is a kernel’s work',
    text: swapView,
    data: (view) => ({ memory: view.memory, slots: Object.values(view.swap) }),
  },
  {
    name: 'heap',
    description: 'heaps as maps: blocks in use, free, cached; fragmentation and overhead; --verbose: every piece',
    bare: 'heaps are programs’, and those need a kernel’s processes',
    text: heapView,
    data: (view, process) => processesOf(view, process).map(({ pid, name, heap }) => ({ pid, name, heap })),
  },
  {
    name: 'processes',
    description: 'processes, their state, memory and faults',
    bare: 'processes are a kernel’s',
    text: processesView,
    data: (view, process) =>
      processesOf(view, process).map(({ areas: _areas, pages: _pages, heap: _heap, ...rest }) => rest),
  },
];
