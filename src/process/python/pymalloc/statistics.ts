/**
 * The text that pymalloc prints about itself: the first part of sys._debugmallocstats(), and what PYTHONMALLOCSTATS shows.
 * [Objects/obmalloc.c: _PyObject_DebugMallocStats, Objects/object.c: printone]
 */
import { mapRootBytes, POOL_HEADER_BYTES } from './layout.ts';
import { classesOf } from './summary.ts';
import type { HeapWalk } from './walk.ts';

const LABEL_COLUMNS = 35;
const NUMBER_COLUMNS = 21;
/** Class, size, pools, blocks in use, available blocks. */
const COLUMNS = [5, 6, 11, 15, 13] as const;
const HEADER = `\
class   size   num pools   blocks in use  avail blocks
-----   ----   ---------   -------------  ------------
`;
const POINTER_BYTES = 8;

/** `serial`: the debug hooks' number of calls, printed up to 3.7; null: no hooks, or no such number. */
export function statisticsText(walk: HeapWalk, serial: number | null): string {
  const { reader, layout } = walk;
  const { profile } = layout;
  const arenas = walk.arenas();
  const classes = classesOf(walk, arenas);
  let text = `Small block threshold = ${profile.smallMax}, in ${layout.classes} size classes.\n\n${HEADER}`;
  let inUse = 0;
  let available = 0;
  let headers = 0;
  let quantization = 0;
  for (const { sizeClass, blockBytes, pools, used, available: free } of classes) {
    const row = [sizeClass, blockBytes, pools, used, free];
    text += `${row.map((value, index) => String(value).padStart(COLUMNS[index]!)).join(' ')}\n`;
    inUse += used * blockBytes;
    available += free * blockBytes;
    headers += pools * POOL_HEADER_BYTES;
    quantization += pools * ((profile.poolBytes - POOL_HEADER_BYTES) % blockBytes);
  }
  const freePools = arenas.reduce((sum, arena) => sum + arena.freePools, 0);
  const unaligned = arenas.filter(({ address }) => address % profile.poolBytes !== 0).length;
  const total = reader.load64(layout.total);
  const current = reader.load64(layout.current);
  text += '\n';
  if (serial !== null) text += line('# times object malloc called', serial);
  text += line('# arenas allocated total', total);
  text += line('# arenas reclaimed', total - current);
  text += line('# arenas highwater mark', reader.load64(layout.highwater));
  text += line('# arenas allocated current', current);
  text += line(`${arenas.length} arenas * ${profile.arenaBytes} bytes/arena`, arenas.length * profile.arenaBytes);
  text += '\n';
  const sum: Array<[string, number]> = [
    ['# bytes in allocated blocks', inUse],
    ['# bytes in available blocks', available],
    [`${freePools} unused pools * ${profile.poolBytes} bytes`, freePools * profile.poolBytes],
    ['# bytes lost to pool headers', headers],
    ['# bytes lost to quantization', quantization],
    ['# bytes lost to arena alignment', unaligned * profile.poolBytes],
  ];
  return text + added(sum) + mapText(walk);
}

function mapText({ reader, layout }: HeapWalk): string {
  const { radix } = layout.profile;
  if (radix === null) return '';
  const middle = reader.load64(layout.middleNodes);
  const bottom = reader.load64(layout.bottomNodes);
  let text = '\narena map counts\n';
  text += line('# arena map mid nodes', middle);
  text += line('# arena map bot nodes', bottom);
  text += '\n';
  return (
    text +
    added([
      ['# bytes lost to arena map root', mapRootBytes(layout.profile)],
      ['# bytes lost to arena map mid', middle * 2 ** radix.middleBits * POINTER_BYTES],
      ['# bytes lost to arena map bot', bottom * 2 ** radix.bottomBits * POINTER_BYTES],
    ])
  );
}

/** Lines and their total. */
function added(lines: ReadonlyArray<readonly [string, number]>): string {
  const total = lines.reduce((sum, [, value]) => sum + value, 0);
  return lines.map(([label, value]) => line(label, value)).join('') + line('Total', total);
}

function line(label: string, value: number): string {
  const grouped = String(value).replace(/\B(?=(\d{3})+$)/g, ',');
  return `${label.padEnd(LABEL_COLUMNS)}=${grouped.padStart(NUMBER_COLUMNS)}\n`;
}
