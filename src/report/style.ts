/** How text may look: decided once by the command line (terminal? NO_COLOR? width), obeyed by every report. */
export interface Style {
  readonly color: boolean;
  /** Columns available; reports stay below it where the content allows. */
  readonly width: number;
}

/** What a pipe or a file gets: no colour, the house's 100 columns. */
export const PLAIN: Style = { color: false, width: 100 };

/** Select-graphic-rendition codes: on, off. */
const INKS = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  blue: [34, 39],
  magenta: [35, 39],
  cyan: [36, 39],
} as const;
export type Ink = keyof typeof INKS;

export function paint(style: Style, ink: Ink, text: string): string {
  if (!style.color || text === '') return text;
  const [on, off] = INKS[ink];
  return `${ESCAPE}[${on}m${text}${ESCAPE}[${off}m`;
}

// Only the sequences `paint` makes: nothing else puts escapes in a report.
const ESCAPE = '\u001b';
const ESCAPES = new RegExp(`${ESCAPE}\\[\\d+m`, 'g');

/** Columns a text takes on screen: escapes take none, East Asian wide characters two. */
export function visibleWidth(text: string): number {
  let width = 0;
  for (const character of text.replace(ESCAPES, '')) {
    const point = character.codePointAt(0) ?? 0;
    width += isWide(point) ? 2 : isCombining(point) ? 0 : 1;
  }
  return width;
}

const isCombining = (point: number): boolean => point >= 0x300 && point <= 0x36f;
const isWide = (point: number): boolean =>
  (point >= 0x1100 && point <= 0x115f) ||
  (point >= 0x2e80 && point <= 0xa4cf) ||
  (point >= 0xac00 && point <= 0xd7a3) ||
  (point >= 0xf900 && point <= 0xfaff) ||
  (point >= 0xff00 && point <= 0xff60) ||
  (point >= 0x1f300 && point <= 0x1faff) ||
  (point >= 0x20000 && point <= 0x3fffd);

export function padEnd(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - visibleWidth(text)));
}
export function padStart(text: string, width: number): string {
  return ' '.repeat(Math.max(0, width - visibleWidth(text))) + text;
}
