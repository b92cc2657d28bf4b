/**
 * A sweep's results as one HTML file that needs nothing else: no network, no fonts, no library. Pictures are inline SVG;
 * tables are there without scripts and get sorted by a few lines of one. Light or dark as the reader's system is.
 */
import type { SweepResults } from '../sweep/results.ts';
import { markup } from './markup.ts';
import { rankings } from './sweep-best.ts';
import { type Chart, chartLegend, chartSvg } from './sweep-chart.ts';
import { drawnPicture, type SweepPicture, sweepPictures } from './sweep-curves.ts';
import { PAGE_SCRIPT, PAGE_STYLE } from './sweep-page-parts.ts';
import { factsOf } from './sweep-report.ts';
import { type SweepTable, sweepTables } from './sweep-table.ts';

const RANKS = 5;

export function sweepPage(results: SweepResults): string {
  const title = results.title ?? 'Sweep';
  const { rows } = results;
  return [
    '<!doctype html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta name="color-scheme" content="light dark">',
    '<meta name="generator" content="mmulator sweep">',
    `<title>${markup(title)}</title>`,
    `<style>\n${PAGE_STYLE}</style>`,
    '</head>',
    '<body>',
    `<h1>${markup(title)}</h1>`,
    `<p class="facts">${markup(factsOf(results))}</p>`,
    ...sweepPictures(rows).map(pictureSection),
    ...rankingSection(results),
    ...sweepTables(rows).map(tableSection),
    `<p class="facts">Sweep ${results.planDigest.slice(0, 12)}. Click a column to sort by it.</p>`,
    `<script>\n${PAGE_SCRIPT}</script>`,
    '</body>',
    '</html>',
    '',
  ].join('\n');
}

function pictureSection(picture: SweepPicture): string {
  const { axis, curves } = drawnPicture(picture);
  const { title, xLabel } = picture;
  const chart: Chart = { title: `${title}: ${axis.label}`, xLabel, logX: true, y: axis, series: curves };
  return [
    '<section>',
    `<h2>${markup(title)} <small>${axis.label}</small></h2>`,
    `<figure>${chartSvg(chart)}${chartLegend(curves)}</figure>`,
    '</section>',
  ].join('\n');
}

function rankingSection({ rows }: SweepResults): string[] {
  const found = rankings(rows);
  if (found.length === 0) return [];
  const ranks = Math.min(RANKS, Math.max(...found.map(({ ranked }) => ranked.length)));
  const table: SweepTable = {
    columns: ['input', 'where', ...Array.from({ length: ranks }, (_, rank) => `${rank + 1}.`)].map((name) => ({
      name,
      numeric: false,
    })),
    rows: found.map(({ input, place, ranked }) => [
      { text: input, value: input },
      { text: place, value: place },
      ...Array.from({ length: ranks }, (_, rank) => {
        const one = ranked[rank];
        return { text: one === undefined ? '' : `${one.name} ${one.text}`, value: one?.name ?? null };
      }),
    ]),
  };
  return ['<section>', '<h2>Fewest faults</h2>', tableMarkup(table), '</section>'];
}

const tableSection = (table: SweepTable): string =>
  ['<section>', '<h2>All cells</h2>', tableMarkup(table), '</section>'].join('\n');

/** What cells are ordered by stands in `data-v` where it is not what they say. */
function tableMarkup({ columns, rows }: SweepTable): string {
  const head = columns
    .map(({ name, numeric }) => `<th scope="col"${numeric ? ' class="n"' : ''}><button>${markup(name)}</button></th>`)
    .join('');
  const body = rows.map((row) => {
    const cells = row.map(({ text, value }, at) => {
      const numeric = columns[at]?.numeric === true ? ' class="n"' : '';
      const order = value === null ? ' data-v=""' : String(value) === text ? '' : ` data-v="${markup(String(value))}"`;
      return `<td${numeric}${order}>${markup(text)}</td>`;
    });
    return `<tr>${cells.join('')}</tr>`;
  });
  return `<div class="wide"><table>\n<thead><tr>${head}</tr></thead>\n<tbody>\n${body.join('\n')}\n</tbody></table></div>`;
}
