/** A small sweep for tests of the command: two traces, made up and recorded, 18 cells in several tasks. */
export const SWEEP = `sweep: 1
title: small
traces:
  - pages.txt
  - { name: zipf, like: zipf, count: 2000, pages: 100, seed: 1 }
grid:
  policy: [lru, fifo, opt]
  frames: 3,8,32
`;
export const PAGES = '7 0 1 2 0 3 0 4 2 3 0 3 2 1 2 0 1 7 0 1\n';
export const CELLS = 18;

export const FILES: Readonly<Record<string, string>> = { 'sweep.yaml': SWEEP, 'pages.txt': PAGES };
