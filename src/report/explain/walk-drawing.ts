/**
 * A page walk drawn level by level: the entry's physical address, its value, its flags, where it points.
 *
 *   └ L2[0]        PTE at 0x3000 = 0x0000000000001001  V-------  → table in frame 4
 *     └ L1[128]    PTE at 0x4400 = 0x0000000000001401  V-------  → table in frame 5
 *       └ L0[0]    PTE at 0x5000 = 0x0000000000003053  VR--U-A-  ✗ refused: write
 */
import type { Translation, WalkStep } from '../../mmu/translation.ts';
import { columns } from '../columns.ts';
import { hex, size } from '../quantities.ts';
import { paint, type Style } from '../style.ts';

const FLAG_LEGEND = 'V valid  R read  W write  X execute  U user  G global  A accessed  D dirty';

/** What the letters of this walk mean. */
export function flagLegend({ walk }: Translation): string[] {
  const implied = walk.some(({ letters }) => /[a-z]/.test(letters));
  return implied ? [FLAG_LEGEND, 'small letters: always granted, the entry has no bit for it'] : [FLAG_LEGEND];
}

export function walkDrawing(translation: Translation, pageBytes: number, style: Style, indent: string): string[] {
  const rows = translation.walk.map((step, depth) => [
    `${' '.repeat(2 * depth)}${paint(style, 'dim', '└')} ${paint(style, 'cyan', `${step.levelName}[${step.index}]`)}`,
    `PTE at ${hex(step.pteAddress)}`,
    `= ${step.pteValue}`,
    step.letters,
    targetText(step, translation, pageBytes, style),
  ]);
  return columns(rows, { indent });
}

function targetText(step: WalkStep, translation: Translation, pageBytes: number, style: Style): string {
  switch (step.kind) {
    case 'table':
      return `→ table in frame ${step.pfn ?? '?'}`;
    case 'leaf': {
      const big = translation.pageBytes !== null && translation.pageBytes > pageBytes;
      return paint(
        style,
        'green',
        `→ frame ${step.pfn ?? '?'}${big ? ` (${size(translation.pageBytes ?? 0)} page)` : ''}`,
      );
    }
    case 'absent':
      return paint(style, 'red', '✗ not present');
    case 'refused':
      return paint(style, 'red', `✗ refused: ${translation.fault?.rule ?? 'rights'}`);
    default: {
      const unknown: never = step.kind;
      return unknown;
    }
  }
}

/** `L1 set 3, tag 0x4, ASID 2: miss`, or which way answered. */
export function tlbSentence(translation: Translation): string {
  const { tlb } = translation;
  if (tlb === null && translation.walk.length === 0 && translation.fault !== null)
    return 'not asked: the address itself is refused, before TLB and page table';
  if (tlb === null) return 'this machine has no TLB: every access walks the page table';
  const where = `page ${hex(translation.vpn)} → set ${tlb.set}, tag ${hex(tlb.tag)}, ASID ${tlb.asid}`;
  if (tlb.hit === null) return `${where}: miss`;
  const hit = `${where}: hit in ${tlb.hit}${tlb.way === null ? '' : `, way ${tlb.way}`}`;
  if (translation.dirtyWalk !== true) return hit;
  // The table may have changed behind the entry's back: then the walk refuses.
  return `${hit}, but the entry is not dirty: the walker ${translation.fault === null ? 'sets D' : 'goes to set D'}`;
}
