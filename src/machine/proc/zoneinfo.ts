/**
 * /proc/zoneinfo and buddyinfo [mm/vmstat.c:zoneinfo_show_print, frag_show_print]. One node; all memory is in the zone
 * Normal, and the zones that other machines have beside it are shown empty, as Linux shows such.
 */
import type { Kernel } from '../../kernel/kernel.ts';
import { type Watermarks, watermarksOf, ZONE_NAMES } from '../../kernel/pressure/watermarks.ts';
import { vmValues } from './vmstat.ts';
import { NODE_COUNTS, ZONE_COUNTS } from './vmstat-names.ts';

const header = (zone: string): string => `Node 0, zone ${zone.padStart(8)}`;

/** Free blocks of 1, 2, 4, … frames. */
export function buddyinfoText(kernel: Kernel): string {
  const counts = kernel.buddy.freeBlocks().map((count) => `${String(count).padStart(6)} `);
  return `${header(kernel.zone.name)} ${counts.join('')}\n`;
}

export function zoneinfoText(kernel: Kernel): string {
  return ZONE_NAMES.map((name) => (name === kernel.zone.name ? wholeZone(kernel) : emptyZone(kernel, name))).join('');
}

interface ZonePages {
  readonly free: number;
  readonly boost: number;
  readonly marks: Watermarks;
  readonly present: number;
  readonly managed: number;
  readonly protection: readonly number[];
}

function pageLines({ free, boost, marks, present, managed, protection }: ZonePages): string[] {
  const rows: [string, number][] = [
    ['boost', boost],
    ['min', marks.min],
    ['low', marks.low],
    ['high', marks.high],
    ['promo', marks.promo],
    ['spanned', present],
    ['present', present],
    ['managed', managed],
    ['cma', 0],
  ];
  return [
    `  pages free     ${free}`,
    ...rows.map(([name, value]) => `        ${name.padEnd(8)} ${value}`),
    `        protection: (${protection.join(', ')})`,
  ];
}

function emptyZone({ pageBytes }: Kernel, name: string): string {
  const [marks] = watermarksOf([{ managed: 0, movable: name === 'Movable' }], 0, 0, pageBytes);
  const protection = ZONE_NAMES.map(() => 0);
  const lines = pageLines({ free: 0, boost: 0, marks: marks!, present: 0, managed: 0, protection });
  return `${[header(name), ...lines].join('\n')}\n`;
}

function wholeZone(kernel: Kernel): string {
  const { zone, buddy, cpus } = kernel;
  const values = vmValues(kernel);
  const counts = (names: readonly string[]) => names.map((name) => `      ${name.padEnd(12)} ${values[name] ?? 0}`);
  const pages = {
    free: buddy.free,
    boost: zone.boost,
    marks: zone.watermarks,
    present: zone.present,
    managed: zone.managed,
    protection: zone.lowmemReserve,
  };
  return `${[
    header(zone.name),
    '  per-node stats',
    ...counts(NODE_COUNTS),
    ...pageLines(pages),
    ...counts(ZONE_COUNTS),
    '  pagesets',
    ...cpus.flatMap(({ index }) => pagesetLines(index)),
    '  node_unreclaimable:  0',
    '  start_pfn:           0',
  ].join('\n')}\n`;
}

/** CPUs here keep no frames of their own at hand. */
function pagesetLines(cpu: number): string[] {
  const rows = ['count:', 'high:', 'batch:', 'high_min:', 'high_max:'];
  return [`    cpu: ${cpu}`, ...rows.map((name) => `              ${name.padEnd(9)} 0`), '  vm stats threshold: 0'];
}
