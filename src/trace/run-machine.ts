import { type MachineConfig, resolveConfig } from '../machine/config.ts';
import { InputErrors } from '../mmu/input-error.ts';
import { PteCodec } from '../mmu/page-table/pte-codec.ts';

const MIB = 2 ** 20;
/** That of replays: `random` then draws the same pages here and there. */
const SEED = 0;
const GIB = 2 ** 30;
/** A trace is run to see it page, so there is somewhere to page to: host memory is used only for pages that go there. */
const SWAP = 16 * GIB;
/** With a limit on resident pages that limit is to bind, not the memory: page tables lie there too, and never leave. */
const LIMITED_MEMORY = GIB;
/** For each page that may be resident: it, and as much again for tables. */
const FRAMES_A_PAGE = 2;
/** Of any machine. */
const FRAMES_MAX = 2 ** 24;

/**
 * The machine a trace runs on: `config`, and defaults that differ from a machine's own, as far as the page tables can name
 * that much. What is wrong with `config` is the machine's to say.
 */
export function traceMachine(config: Partial<MachineConfig>): Partial<MachineConfig> {
  const paging = config.paging ?? 'x86_64';
  const most = mostBytes(paging);
  if (most === null) return config;
  const { pageBytes, memory, swap } = most;
  const pages = config.residentPages ?? null;
  const wanted = pages === null ? 16 * MIB : Math.max(LIMITED_MEMORY, FRAMES_A_PAGE * pages * pageBytes);
  return {
    ...config,
    paging,
    seed: config.seed ?? SEED,
    memory: config.memory ?? Math.min(memory, wanted),
    swap: config.swap ?? Math.min(swap, SWAP),
  };
}

/** What page tables of this format can name; null where the format itself is wrong. */
function mostBytes(paging: MachineConfig['paging']): { pageBytes: number; memory: number; swap: number } | null {
  try {
    const { format } = resolveConfig({ paging, kernel: 'none' });
    const { pageBytes } = format;
    const slots = new PteCodec(format).frameMax + 1;
    return { pageBytes, memory: Math.min(2 ** format.physicalBits, FRAMES_MAX * pageBytes), swap: slots * pageBytes };
  } catch (error) {
    if (error instanceof InputErrors) return null;
    throw error;
  }
}
