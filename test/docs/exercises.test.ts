/** docs/exercises.md: its commands are run, and what it shows of their output is in it, in that order. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { pipeline } from '../cli/pipeline.ts';

const PAGE = readFileSync(new URL('../../docs/exercises.md', import.meta.url), 'utf8');

interface Shown {
  readonly title: string;
  readonly command: string;
  readonly lines: readonly string[];
}

/** Blanks are the table's business, colours a terminal's. */
const plain = (line: string): string => line.trim().replace(/\s+/g, ' ');

function commandsOf(page: string): Shown[] {
  const commands: { title: string; command: string; lines: string[] }[] = [];
  let title = '';
  let isOutput = false;
  for (const line of page.split('\n')) {
    title = /^\*\*([^*]+)\.\*\*/.exec(line)?.[1] ?? title;
    if (line.startsWith('```')) isOutput = line === '```console';
    else if (isOutput && line.startsWith('$ ')) commands.push({ title, command: line.slice(2), lines: [] });
    else if (isOutput) commands.at(-1)?.lines.push(plain(line));
  }
  return commands;
}

const COMMANDS = commandsOf(PAGE);

it('has commands for every exercise of the sections A, B and G', () => {
  const ids = COMMANDS.flatMap(({ title }) => title.split(', '));
  const wanted = 'A1 A2 A3 A4 A5 A9 A10 A11 A12 A13 A15 A16 A17 A19 A20 A22 A23 A24 B1 B2 B3 G1 G2 G3 G4 G6'.split(' ');
  expect([...new Set(ids)]).toEqual(wanted);
  for (const { lines } of COMMANDS) expect(lines.length).toBeGreaterThan(0);
});

describe.each([...new Map(COMMANDS.map((shown) => [shown.title, shown])).keys()])('%s', (title) => {
  it.each(COMMANDS.filter((shown) => shown.title === title))('$command', async ({ command, lines }) => {
    const printed = (await pipeline(command)).split('\n').map(plain);
    let from = 0;
    for (const line of lines) {
      const at = printed.indexOf(line, from);
      expect(at, `\`${line}\` in\n${printed.join('\n')}`).toBeGreaterThanOrEqual(from);
      from = at + 1;
    }
  });
});
