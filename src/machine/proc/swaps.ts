/** /proc/swaps [mm/swapfile.c:swap_show]: the swap device, if there is one. Sizes in KiB. */
import type { Kernel } from '../../kernel/kernel.ts';

const HEADER = 'Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n';
const NAME = '/dev/swap';
const NAME_WIDTH = 40;
const KIB = 1024;
/** Beyond so many digits the number reaches the next tab stop by itself. */
const WIDE = 10_000_000;
/** What Linux gives the first device that nobody gave one. */
const PRIORITY = -2;

export function swapsText({ swap }: Kernel): string {
  if (swap.slots === 0) return HEADER;
  const size = Math.floor((swap.slots * swap.pageBytes) / KIB);
  const used = Math.floor(((swap.slots - swap.free) * swap.pageBytes) / KIB);
  const tabs = (value: number): string => (value < WIDE ? '\t\t' : '\t');
  return `${HEADER}${NAME.padEnd(NAME_WIDTH)}partition\t${size}${tabs(size)}${used}${tabs(used)}${PRIORITY}\n`;
}
