/** `traces.json`: which page traces there are, each a file beside it or the rule that makes it. */
import type { GeneratorOptions } from '../../trace/generate.ts';
import { Fields, type Mistakes } from '../fields.ts';
import { type ListItem, readJsonList } from './json-list.ts';

export const TRACE_LIST = 'traces.json';
const WRONG_LIST = 'MEM-CNF-014';
const EXPECTED = `${TRACE_LIST} is a list of {"trace":…,"file":…,"refs":…,"idsFnv32":…}, with "generator":{…} in place of a file`;
/** What gen-trace.mjs makes. */
const GENERATED = ['zipf', 'mix'] as const;
/** References are numbered by 32 bits. */
const REFERENCES_MAX = 2 ** 31 - 1;

export interface TraceGeneration {
  readonly kind: (typeof GENERATED)[number];
  readonly options: GeneratorOptions;
}

export interface ListedTrace {
  readonly trace: string;
  /** Name of the file beside the list, or how it is made. */
  readonly source: string | TraceGeneration;
  readonly refs: number;
  /** FNV-1a over the pages as 32-bit words: of a file its ids, of a generated trace the page numbers. */
  readonly idsFnv32: string;
  /** Facts that are told of some: different pages, references by kind. */
  readonly facts: Readonly<Partial<Record<TraceFact, number>>>;
}

export const TRACE_FACTS = ['pages', 'fetches', 'loads', 'stores', 'pagesWritten'] as const;
export type TraceFact = (typeof TRACE_FACTS)[number];

/** @throws InputErrors every mistake in the list */
export function readTraceList(text: string, mistakes: Mistakes): ReadonlyMap<string, ListedTrace> {
  const items = readJsonList(text, mistakes, WRONG_LIST, EXPECTED);
  const traces = new Map<string, ListedTrace>();
  for (const item of items) {
    const trace = readTrace(item, mistakes);
    if (traces.has(trace.trace)) mistakes.add(WRONG_LIST, item.line, `the trace \`${trace.trace}\` is listed twice`);
    traces.set(trace.trace, trace);
  }
  mistakes.throwIfAny();
  return traces;
}

function readTrace({ object, line }: ListItem, mistakes: Mistakes): ListedTrace {
  const fields = new Fields(object, line, mistakes, WRONG_LIST);
  const refs = fields.whole('refs', 1, REFERENCES_MAX);
  const told = TRACE_FACTS.filter((name) => name in object);
  return {
    trace: fields.text('trace'),
    source: 'generator' in object ? readGeneration(fields.inner('generator'), refs) : fileName(fields),
    refs,
    idsFnv32: fields.text('idsFnv32'),
    facts: Object.fromEntries(told.map((name) => [name, fields.whole(name, 0)])),
  };
}

/** Of a file in the same folder: a recording leads nowhere else. */
function fileName(fields: Fields): string {
  const name = fields.text('file');
  if (name.includes('/')) fields.refuse(`\`file\` must be the name of a file beside the list: not ${name}`);
  return name;
}

function readGeneration(fields: Fields, refs: number): TraceGeneration {
  const kind = fields.oneOf('kind', GENERATED);
  const count = fields.whole('n', 1);
  // `mix` goes around a loop of a 16th of its pages.
  const pages = fields.whole('pages', kind === 'mix' ? 16 : 1);
  return {
    kind,
    // A trace of another length than the list says is found out when it is made.
    options: { count: Math.min(count, refs + 1), pages, seed: fields.whole('seed', 0) },
  };
}
