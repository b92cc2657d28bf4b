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
  /** Why a machine cannot have it, for options of a replay alone: the hint for whoever asks. */
  readonly notInMachines?: string;
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
    description: 'The frame where the hand stands at the first replacement; in a machine the physical one.',
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
    notInMachines: 'leave it out: a scenario ticks at every step, `Machine` when `tick` is called',
    defaultsTo: '100',
    description:
      'References from one tick to the next, in a replay and under `trace run`. A scenario ticks at every step instead.',
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
    notInMachines: 'leave it out: a machine has the paper’s LIRS, as libCacheSim’s evicts on hits',
    defaultsTo: 'paper',
    description: 'The paper’s LIRS, or libCacheSim’s, which can evict on a hit and so exists in a replay only.',
  },
};

type OptionName = keyof ReplacementOptions;

/** @throws InputError MEM-POL-003 for the first option that is unknown or cannot be what it is */
export function checkReplacementOptions(options: ReplacementOptions): void {
  for (const [name, value] of Object.entries(options)) {
    if (!isOptionName(name)) throw unknownOption(name);
    if (value !== undefined && !isAllowed(name, value)) throw wrongValue(name, value);
  }
}

/** An option that somebody gave and a machine cannot have. */
export interface OptionMistake {
  readonly name: string;
  /** Is it the value that is wrong, or that the option is there at all? */
  readonly of: 'name' | 'value';
  readonly error: InputError;
}

/**
 * Every option (code MEM-POL-003) that a machine cannot have: unknown ones, impossible values, those that its policy does not
 * obey, those that exist in a replay only.
 * @param policy null: not known, so nobody asks whether it obeys
 */
export function machineOptionMistakes(policy: PolicyName | null, options: ReplacementOptions): OptionMistake[] {
  return Object.entries(options).flatMap(([name, value]): OptionMistake[] => {
    if (value === undefined) return [];
    const error = nameError(name, policy) ?? replayOnlyError(name as OptionName);
    if (error !== null) return [{ name, of: 'name', error }];
    return isAllowed(name as OptionName, value)
      ? []
      : [{ name, of: 'value', error: wrongValue(name as OptionName, value) }];
  });
}

/** @throws InputError MEM-POL-003 where the policy has no such option, or the option cannot be that */
export function checkObeyed(name: OptionName, value: unknown, policy: PolicyName): void {
  const error = nameError(name, policy) ?? (isAllowed(name, value) ? null : wrongValue(name, value));
  if (error !== null) throw error;
}

/**
 * `handStart` names one of the frames, which are numbered from 0; options that the policy does not obey are not looked at.
 * @throws InputError MEM-POL-003 where there is no such frame
 */
export function checkHandStart(policy: PolicyName, frames: number, { handStart }: ReplacementOptions): void {
  if (handStart === undefined || handStart < frames || !REPLACEMENT_OPTIONS.handStart.policies.includes(policy)) return;
  throw new InputError({
    code: 'MEM-POL-003',
    message: `the option \`handStart\` cannot be ${handStart} in ${frames} ${frames === 1 ? 'frame' : 'frames'}`,
    hint: `frames are numbered 0 to ${frames - 1}`,
  });
}

/** Those of the options that the policy obeys; null: that any may obey. In a machine, without those of replays alone. */
export function obeyedOptions(
  options: ReplacementOptions,
  policy: PolicyName | null,
  where: 'replay' | 'machine',
): ReplacementOptions {
  const isObeyed = ([name]: [string, unknown]): boolean => {
    const { policies, notInMachines } = REPLACEMENT_OPTIONS[name as OptionName];
    return (policy === null || policies.includes(policy)) && (where === 'replay' || notInMachines === undefined);
  };
  return Object.fromEntries(Object.entries(options).filter(isObeyed));
}

const isOptionName = (name: string): name is OptionName => Object.hasOwn(REPLACEMENT_OPTIONS, name);

function nameError(name: string, policy: PolicyName | null): InputError | null {
  if (!isOptionName(name)) return unknownOption(name);
  const { policies } = REPLACEMENT_OPTIONS[name];
  if (policy === null || policies.includes(policy)) return null;
  const message = `\`${policy}\` has no option \`${name}\``;
  return new InputError({ code: 'MEM-POL-003', message, hint: `it is one of ${policies.join(', ')}` });
}

function replayOnlyError(name: OptionName): InputError | null {
  const { notInMachines: hint } = REPLACEMENT_OPTIONS[name];
  if (hint === undefined) return null;
  return new InputError({ code: 'MEM-POL-003', message: `a machine has no option \`${name}\``, hint });
}

const unknownOption = (name: string): InputError =>
  new InputError({
    code: 'MEM-POL-003',
    message: `no replacement policy has an option \`${name}\``,
    hint: suggest(name, Object.keys(REPLACEMENT_OPTIONS), 'options'),
  });

const wrongValue = (name: OptionName, value: unknown): InputError =>
  new InputError({
    code: 'MEM-POL-003',
    message: `the option \`${name}\` cannot be ${describe(value)}`,
    hint: hintFor(REPLACEMENT_OPTIONS[name].values),
  });

function describe(value: unknown): string {
  if (value === null) return 'nothing';
  return typeof value === 'object' ? 'a list or mapping' : String(value);
}

function isAllowed(name: OptionName, value: unknown): boolean {
  const { values } = REPLACEMENT_OPTIONS[name];
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
  const entry = isOptionName(name) ? REPLACEMENT_OPTIONS[name] : null;
  const options = { [name]: entry === null ? typed : readValue(typed, entry.values) };
  checkReplacementOptions(options);
  return options;
}

function readValue(typed: string, { type }: OptionValues): string | number | boolean {
  if (type === 'boolean') return typed === 'true' ? true : typed === 'false' ? false : typed;
  if (type === 'choice' || typed.trim() === '') return typed;
  return Number.isNaN(Number(typed)) ? typed : Number(typed);
}
