import { InputError } from '../../mmu/input-error.ts';
import { suggest } from '../../mmu/nearest.ts';
import { LFU_TIES, LIRS_VARIANTS, type ReplacementOptions } from './options.ts';
import type { PolicyName } from './policy.ts';

/** What an option may be. Numbers include both limits. */
export type OptionValues =
  | { readonly type: 'boolean' }
  | { readonly type: 'choice'; readonly choices: readonly string[] }
  | { readonly type: 'integer' | 'number'; readonly least: number; readonly most: number };

export interface OptionEntry {
  readonly values: OptionValues;
  readonly policies: readonly PolicyName[];
  /** In words where it depends on the policy. */
  readonly defaultsTo: string;
  /** One sentence, for lists and the documentation; the whole story is in options.ts. */
  readonly description: string;
}

const CLOCKS = ['clock', 'gclock', 'enhanced-second-chance'] as const;
const part = (most: number): OptionValues => ({ type: 'number', least: 0, most });
const whole = (least: number, most: number): OptionValues => ({ type: 'integer', least, most });

/** Every option of the replacement policies: which of them obey it, what it may be, what it is when nobody says. */
export const REPLACEMENT_OPTIONS: Readonly<Record<keyof ReplacementOptions, OptionEntry>> = {
  referenceOnLoad: {
    values: { type: 'boolean' },
    policies: [...CLOCKS, 'second-chance', 'nru', 'nfu', 'aging', 'wsclock', 'linux', 'mglru'],
    defaultsTo: 'true',
    description: 'Does the reference that loads a page set its reference bit? libCacheSim: false.',
  },
  handStart: {
    values: whole(0, 2 ** 24 - 1),
    policies: CLOCKS,
    defaultsTo: 'the frame loaded first',
    description: 'The frame where the hand stands at the first replacement.',
  },
  counterBits: {
    values: whole(1, 30),
    policies: ['gclock', 'aging'],
    defaultsTo: '2 for gclock, 8 for aging',
    description: 'Bits of a page’s counter.',
  },
  lfuTies: {
    values: { type: 'choice', choices: LFU_TIES },
    policies: ['lfu'],
    defaultsTo: 'longest-at-count',
    description: 'Who leaves among pages with the same count.',
  },
  lfuKeepsCounts: {
    values: { type: 'boolean' },
    policies: ['lfu'],
    defaultsTo: 'false',
    description: 'Does the count of a page outlive its eviction?',
  },
  tickEvery: {
    values: whole(1, 2 ** 31 - 1),
    policies: ['nru', 'nfu', 'aging', 'wsclock'],
    defaultsTo: '100',
    description:
      'References from one tick to the next, in a replay. A scenario ticks at every step, `trace run` every 100 references.',
  },
  window: {
    values: whole(1, 2 ** 31 - 1),
    policies: ['working-set', 'wsclock'],
    defaultsTo: '1000 references for working-set, 2 ticks for wsclock',
    description: 'How long a page stays in the working set after its last use.',
  },
  writesAhead: {
    values: whole(0, 2 ** 31 - 1),
    policies: ['wsclock'],
    defaultsTo: 'all that are due',
    description: 'Dirty pages outside of the working set written at most while the hand looks for one to take.',
  },
  faultInterval: {
    values: whole(1, 2 ** 31 - 1),
    policies: ['pff'],
    defaultsTo: '100',
    description: 'References between two faults from which on memory is given back.',
  },
  inPart: { values: part(1), policies: ['2q'], defaultsTo: '0.25', description: 'Part of the frames for A1in.' },
  outPart: { values: part(2), policies: ['2q'], defaultsTo: '0.5', description: 'Pages A1out remembers, per frame.' },
  smallPart: {
    values: part(1),
    policies: ['s3-fifo'],
    defaultsTo: '0.1',
    description: 'Part of the frames for the small queue.',
  },
  ghostPart: { values: part(2), policies: ['s3-fifo'], defaultsTo: '0.9', description: 'Pages remembered, per frame.' },
  hirPart: {
    values: part(1),
    policies: ['lirs'],
    defaultsTo: '0.01',
    description: 'Part of the frames for HIR pages, at least one frame.',
  },
  stackPart: {
    values: { type: 'number', least: 1, most: 3 },
    policies: ['lirs'],
    defaultsTo: '2',
    description: 'The most pages the stack S knows, resident or not, per frame.',
  },
  lirsVariant: {
    values: { type: 'choice', choices: LIRS_VARIANTS },
    policies: ['lirs'],
    defaultsTo: 'paper',
    description: 'The paper’s LIRS, or libCacheSim’s, which can evict on a hit and so exists in a replay only.',
  },
};

/** @throws InputError MEM-POL-003 for the first option that is unknown or cannot be what it is */
export function checkReplacementOptions(options: ReplacementOptions): void {
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(REPLACEMENT_OPTIONS, name)) {
      throw new InputError({
        code: 'MEM-POL-003',
        message: `no replacement policy has an option \`${name}\``,
        hint: suggest(name, Object.keys(REPLACEMENT_OPTIONS), 'options'),
      });
    }
    const { values } = REPLACEMENT_OPTIONS[name as keyof ReplacementOptions];
    if (value === undefined || isAllowed(value, values)) continue;
    throw new InputError({
      code: 'MEM-POL-003',
      message: `the option \`${name}\` cannot be ${String(value)}`,
      hint: hintFor(values),
    });
  }
}

function isAllowed(value: unknown, values: OptionValues): boolean {
  switch (values.type) {
    case 'boolean':
      return typeof value === 'boolean';
    case 'choice':
      return typeof value === 'string' && values.choices.includes(value);
    default:
      return (
        typeof value === 'number' &&
        value >= values.least &&
        value <= values.most &&
        (values.type === 'number' || Number.isInteger(value))
      );
  }
}

function hintFor(values: OptionValues): string {
  switch (values.type) {
    case 'boolean':
      return 'true or false';
    case 'choice':
      return `one of ${values.choices.join(', ')}`;
    default:
      return `a ${values.type === 'integer' ? 'whole number' : 'number'} from ${values.least} to ${values.most}`;
  }
}

/**
 * An option as somebody typed it: `window=50`, `lfuKeepsCounts=true`.
 * @throws InputError MEM-POL-003
 */
export function parseReplacementOption(text: string): ReplacementOptions {
  const at = text.indexOf('=');
  const name = at < 0 ? text : text.slice(0, at);
  const typed = at < 0 ? 'true' : text.slice(at + 1);
  const entry = Object.hasOwn(REPLACEMENT_OPTIONS, name) ? REPLACEMENT_OPTIONS[name as keyof ReplacementOptions] : null;
  const options = { [name]: entry === null ? typed : readValue(typed, entry.values) };
  checkReplacementOptions(options);
  return options;
}

function readValue(typed: string, { type }: OptionValues): string | number | boolean {
  if (type === 'boolean') return typed === 'true' ? true : typed === 'false' ? false : typed;
  if (type === 'choice' || typed.trim() === '') return typed;
  return Number.isNaN(Number(typed)) ? typed : Number(typed);
}
