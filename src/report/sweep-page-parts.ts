/** How the page of a sweep looks and what it does: its style sheet and its script, written into it as they are. */

/** Colours of the curves: told apart also by most colour-blind readers, on white (AA for large marks) and on near-black. */
const LIGHT = ['#0b62a8', '#c2410c', '#0f766e', '#a21caf', '#8a6100', '#be123c', '#4d5a66', '#4c7a10'];
const DARK = ['#60b2f7', '#fb9a5b', '#4fd1bd', '#e38bf0', '#e5c04a', '#fb7b93', '#a9b7c4', '#a5d65a'];

const inks = (colours: readonly string[]): string =>
  colours.map((colour, index) => `--ink${index}: ${colour};`).join(' ');

/** Colours in `LIGHT` and `DARK`; what comes behind them takes them again, dashed. */
export const INK_COUNT = LIGHT.length;

export const PAGE_STYLE = `:root { --paper: #fff; --text: #1c2329; --faint: #5b6770; --rule: #d9dfe4; --hover: #f1f4f7; ${inks(LIGHT)} }
@media (prefers-color-scheme: dark) {
  :root { --paper: #14181c; --text: #e4e9ed; --faint: #9fabb5; --rule: #353d45; --hover: #1f262c; ${inks(DARK)} }
}
body { margin: 2rem auto; padding: 0 1.25rem; max-width: 64rem; background: var(--paper); color: var(--text); font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.6rem; margin: 0; }
h2 { font-size: 1.1rem; margin: 2.2rem 0 .6rem; }
h2 small { font-weight: normal; color: var(--faint); }
.facts { color: var(--faint); margin: .3rem 0 0; }
figure { margin: 0; }
figure > svg { width: 100%; height: auto; display: block; }
svg path { fill: none; }
.grid { stroke: var(--rule); }
.axis { stroke: var(--faint); }
.tick, .label { fill: var(--faint); font-size: 12px; }
.label { font-size: 13px; }
.curve path { stroke: currentColor; stroke-width: 2; stroke-linejoin: round; }
.curve circle { fill: currentColor; }
.curve circle:hover { stroke: currentColor; stroke-width: 6; }
${Array.from({ length: INK_COUNT }, (_, index) => `.ink${index} { color: var(--ink${index}); }`).join(' ')}
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: .2rem 1.2rem; margin: .4rem 0 0; padding: 0 0 0 4rem; font-size: 14px; }
.legend svg { width: 24px; height: 10px; margin-right: .4rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 14px; }
th, td { padding: .25rem .9rem; border-bottom: 1px solid var(--rule); text-align: left; white-space: nowrap; }
th:first-child, td:first-child { padding-left: 0; }
th.n, td.n { text-align: right; }
thead th { position: sticky; top: 0; background: var(--paper); }
tbody tr:hover { background: var(--hover); }
th button { all: unset; cursor: pointer; color: var(--faint); }
th button:focus-visible { outline: 2px solid var(--ink0); }
th[aria-sort] button { color: var(--text); }
th[aria-sort=ascending] button::after { content: " ▲"; font-size: .7em; }
th[aria-sort=descending] button::after { content: " ▼"; font-size: .7em; }
`;

/**
 * A click on a column's head sorts by it, a second one the other way round; equal rows stay as they were. What a
 * cell is ordered by is its data-v, else its text; an empty one comes last.
 */
export const PAGE_SCRIPT = `for (const table of document.querySelectorAll('table')) {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => head.addEventListener('click', () => {
    const down = head.getAttribute('aria-sort') === 'ascending';
    for (const other of heads) other.removeAttribute('aria-sort');
    head.setAttribute('aria-sort', down ? 'descending' : 'ascending');
    const key = (row) => row.cells[column].dataset.v ?? row.cells[column].textContent;
    const body = table.tBodies[0];
    const rows = [...body.rows].sort((one, other) => {
      const [a, b] = [key(one), key(other)];
      if (a === '' || b === '') return (a === '') - (b === '');
      const numbers = !Number.isNaN(Number(a)) && !Number.isNaN(Number(b));
      const order = numbers ? a - b : a < b ? -1 : a > b ? 1 : 0;
      return down ? -order : order;
    });
    body.append(...rows);
  }));
}
`;
