/** `mmulator list`: the names one can use in a scenario or on the command line. */
import { FAULT_KINDS } from '../../kernel/events.ts';
import { POLICIES } from '../../kernel/reclaim/registry.ts';
import { FORMATS } from '../../mmu/page-table/formats.ts';
import { columns, wrap } from '../../report/columns.ts';
import { COUNTER_ENTRIES } from '../../report/counter-text.ts';
import { findTerm, GLOSSARY } from '../../report/glossary.ts';
import { toJson } from '../../report/json.ts';
import { counted } from '../../report/quantities.ts';
import { REPORTERS } from '../../report/registry.ts';
import { paint, type Style } from '../../report/style.ts';
import { VIEWS } from '../../report/views/registry.ts';
import { EXPECTATION_NAMES, EXPECTATION_SCHEMAS } from '../../scenario/schema/expect.ts';
import { defineCommand } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { STEP_SUMMARIES } from '../step-summaries.ts';

/** Keeps a name of several words on one line. */
const NO_BREAK = '\u2007';

interface Entry {
  readonly name: string;
  readonly description: string;
}

interface Family {
  readonly title: string;
  /** As text only the names, in a paragraph: the descriptions are for `explain` and for programs. */
  readonly namesOnly?: boolean;
  readonly entries: () => readonly Entry[];
}

const FAMILIES: Readonly<Record<string, Family>> = {
  policies: {
    title: 'replacement policies (machine: { replacement: … })',
    entries: () => Object.entries(POLICIES).map(([name, { description }]) => ({ name, description })),
  },
  formats: {
    title: 'page-table formats (machine: { paging: … })',
    entries: () =>
      Object.values(FORMATS).map((format) => ({
        name: format.name,
        description: `${counted(format.levels.length, 'level')}, ${format.virtualBits}-bit addresses, ${format.pteBytes}-byte entries`,
      })),
  },
  steps: {
    title: 'steps (do: …)',
    entries: () => Object.entries(STEP_SUMMARIES).map(([name, description]) => ({ name, description })),
  },
  expectations: {
    title: 'expectations of a step (expect: { … })',
    entries: () =>
      EXPECTATION_NAMES.map((name) => ({ name, description: EXPECTATION_SCHEMAS[name].description ?? '' })),
  },
  counters: {
    title: 'counters (expect: { counters: … })',
    entries: () => COUNTER_ENTRIES.map(({ counter, description }) => ({ name: counter, description })),
  },
  faults: {
    title: 'kinds of page fault (expect: { fault: … })',
    entries: () => FAULT_KINDS.map((name) => ({ name, description: firstSentence(findTerm(name)?.text ?? '') })),
  },
  reporters: { title: 'reporters (run --reporter …)', entries: () => REPORTERS },
  terms: {
    title: 'words to ask about (explain …)',
    namesOnly: true,
    entries: () => GLOSSARY.map(({ term, text }) => ({ name: term, description: firstSentence(text) })),
  },
  views: { title: 'views (inspect FILE …)', entries: () => VIEWS },
};

export const listCommand = defineCommand({
  usage: 'list [what]',
  summary: 'List what there is: policies, formats, steps, expectations, counters, …',
  positionals: {
    what: { type: 'string', choices: Object.keys(FAMILIES), describe: 'Only these' },
  },
  options: {},
  examples: [['list policies', 'the replacement policies, with a word on each']],
  run({ what, json }, { io, style }) {
    const wanted = Object.entries(FAMILIES).filter(([name]) => what === undefined || name === what);
    if (json) {
      const data = wanted.map(([name, family]) => [
        name,
        family.entries().map((entry) => ({ name: entry.name, description: entry.description })),
      ]);
      io.stdout.write(`${toJson(Object.fromEntries(data))}\n`);
      return EXIT.held;
    }
    const parts = wanted.map(([, family]) =>
      [paint(style, 'bold', family.title), ...familyLines(family, style)].join('\n'),
    );
    io.stdout.write(`${parts.join('\n\n')}\n`);
    return EXIT.held;
  },
});

/** Up to the first full stop that ends a word. */
const firstSentence = (text: string): string => /^.*?[.!?](?=\s|$)/s.exec(text)?.[0] ?? text;

function familyLines(family: Family, style: Style): string[] {
  const entries = family.entries();
  if (family.namesOnly === true) {
    return wrap(entries.map((entry) => entry.name.replaceAll(' ', NO_BREAK)).join(', '), style.width - 4).map(
      (line) => `  ${line.replaceAll(NO_BREAK, ' ')}`,
    );
  }
  const widest = Math.max(...entries.map((entry) => entry.name.length));
  const rows = entries.flatMap(({ name, description }) =>
    wrap(description, style.width - widest - 6).map((line, index) => [
      index === 0 ? paint(style, 'cyan', name) : '',
      line,
    ]),
  );
  return columns(rows, { indent: '  ' });
}
