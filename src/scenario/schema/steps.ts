/**
 * The steps of a scenario, one zod object each. `do:` names the kind; `process:`, `note:` and `expect:` are common.
 *
 * The union is not used to validate (zod would then report every kind's complaints at once): the loader picks the
 * schema that `do` names. It is used for the types and for the published JSON Schema.
 */
import { z } from 'zod';
import { ACCESS_NAMES } from '../../mmu/units.ts';
import { type CallStep, callSchemas, groupedCallSchemas } from './calls.ts';
import { fileShapes } from './file-steps.ts';
import { heapOptions } from './heap.ts';
import { machineShapes } from './machine-steps.ts';
import { memoryShapes } from './memory-steps.ts';
import { address, hexBytes, length, processName, size, symbolName, value, whole } from './scalars.ts';
import { acts, descriptor, note, process } from './step-head.ts';

const access = z.enum(ACCESS_NAMES);
const accessSize = z.literal([1, 2, 4, 8]);
const section = z.union([
  size('Size in bytes, filled with zeros.'),
  z.strictObject({ text: z.string().describe('Contents as UTF-8 text.') }),
  z.strictObject({ hex: hexBytes('Contents in hex.') }),
]);

const image = z.strictObject({
  text: section.optional().describe('Program code: readable and executable.'),
  rodata: section.optional().describe('Constants: readable.'),
  data: section.optional().describe('Initialized variables: readable and writable, copied when first written.'),
  bss: size('Zeroed variables, in bytes.').optional(),
  stack: size('Stack in bytes to set up before the first instruction.').optional(),
});

const bytesToRead = {
  size: accessSize.optional().describe('Bytes of one access: 1, 2, 4 (the default) or 8.'),
  length: length('Read a string of this many bytes instead.').optional(),
};

const shapes = {
  spawn: z.strictObject({
    ...acts('spawn'),
    process: processName('Name of the new process.'),
    image: image.optional().describe('Program image; sections left out are empty.'),
    cpu: whole('CPU it runs on.', 0, 30).optional(),
    signals: z
      .enum(['kill', 'survive'])
      .optional()
      .describe('`survive`: a fatal signal ends the step, not the process.'),
    input: z.string().optional().describe('Text that `read` from fd 0 will yield.'),
    ...heapOptions,
  }),
  brk: z.strictObject({
    ...acts('brk'),
    to: address('The new end of the heap.'),
    as: symbolName('Name for the break it returns.').optional(),
  }),
  sbrk: z.strictObject({
    ...acts('sbrk'),
    by: length('Bytes to grow the heap by; negative to shrink.'),
    as: symbolName('Name for the old break, which it returns.').optional(),
  }),
  fork: z.strictObject({ ...acts('fork'), as: processName('Name of the child.') }),
  exit: z.strictObject({ ...acts('exit'), code: whole('Exit code, default 0.', 0, 255).optional() }),
  wait: z.strictObject({
    ...acts('wait'),
    child: processName('Wait for this child; any child when left out.').optional(),
    pid: whole('Wait for this pid.', 1).optional(),
  }),
  kill: z.strictObject({
    ...acts('kill'),
    process: processName('The process to kill.'),
    signal: z.enum(['SIGKILL', 'SIGSEGV', 'SIGBUS']).optional().describe('Default: SIGKILL.'),
  }),
  load: z.strictObject({ ...acts('load'), at: address('Where to read.'), ...bytesToRead }),
  store: z.strictObject({
    ...acts('store'),
    at: address('Where to write.'),
    value: value('The number to write, little-endian.').optional(),
    size: accessSize.optional().describe('Bytes that `value` takes: 1, 2, 4 (the default) or 8.'),
    bytes: hexBytes('Bytes to write instead of a number, in hex.').optional(),
    text: z.string().min(1).optional().describe('UTF-8 text to write instead of a number.'),
  }),
  fetch: z.strictObject({ ...acts('fetch'), at: address('Address of the instruction.') }),
  rmw: z.strictObject({
    ...acts('rmw'),
    at: address('The byte to change.'),
    add: value('Add, modulo 256.').optional(),
    and: value('Bitwise and.').optional(),
    or: value('Bitwise or.').optional(),
    xor: value('Bitwise exclusive or.').optional(),
    set: value('Replace.').optional(),
  }),
  touch: z.strictObject({
    ...acts('touch'),
    at: address('First byte touched.'),
    length: length('Bytes to cover: one access at `at` and every `stride` bytes after it.'),
    access: access.optional().describe('Default: store.'),
    value: value('Byte that a store writes; default 1.').optional(),
    stride: length('Bytes from one access to the next; default one page.').optional(),
  }),
  read: z.strictObject({
    ...acts('read'),
    fd: descriptor('File descriptor, default 0: the console.').optional(),
    at: address('User buffer the kernel copies to.'),
    length: length('Bytes wanted.'),
  }),
  write: z.strictObject({
    ...acts('write'),
    fd: descriptor('File descriptor, default 1: the console.').optional(),
    at: address('User buffer the kernel copies from.'),
    length: length('Bytes to write.'),
  }),
  switch: z.strictObject({ ...acts('switch'), cpu: whole('CPU the process runs on from now on.', 0, 30) }),
  peek: z.strictObject({
    ...acts('peek'),
    at: address('Address to look at; nothing changes by it.'),
    access: access.optional().describe('Default: load.'),
  }),
  translate: z.strictObject({
    ...acts('translate'),
    at: address('Virtual address to translate on bare hardware.'),
    access: access.optional().describe('Default: load.'),
    cpu: whole('CPU that translates, default 0.', 0, 30).optional(),
  }),
  check: z.strictObject({
    ...acts('check'),
    at: address('With `value`, `bytes` or `text`: where to look, without touching.').optional(),
    size: accessSize.optional().describe('Bytes that `value` takes: 1, 2, 4 (the default) or 8.'),
  }),
  comment: z.strictObject({ ...acts('comment'), note: z.string().describe('What to tell the reader.') }),
  ...memoryShapes,
  ...fileShapes,
  ...machineShapes,
} as const;

/** Steps that no process does: one is at hand only for what is expected. */
export type WorldStepName = keyof typeof machineShapes | 'create' | 'unlink' | 'drop_caches';
const WORLD_STEPS: ReadonlySet<string> = new Set([...Object.keys(machineShapes), 'create', 'unlink', 'drop_caches']);
export const isWorldStep = (step: ActionStep): step is Extract<ActionStep, { do: WorldStepName }> =>
  WORLD_STEPS.has(step.do);

const callHead = (names: readonly string[]) => ({ do: z.literal(names as [string, ...string[]]), process, note });
const calls = callSchemas(callHead);

type PlainStep = { [Kind in keyof typeof shapes]: z.infer<(typeof shapes)[Kind]> }[keyof typeof shapes];
export type StepOf<Kind extends keyof typeof shapes> = z.infer<(typeof shapes)[Kind]>;
export type ActionStep = PlainStep | CallStep;

/** What `do` names, as the runner sees it: every call of a function is one kind. */
export function actionStep(name: string, parsed: object): ActionStep {
  return (Object.hasOwn(calls, name) ? { ...parsed, do: 'call', function: name } : parsed) as ActionStep;
}

/** The name that the file has under `do`. */
export const nameOfStep = (step: ActionStep): string => (step.do === 'call' ? step.function : step.do);

const variable = symbolName('Loop variable, for use in expressions.');
const repeatHead = {
  do: z.literal('repeat'),
  note,
  times: whole('How often.', 0),
};
const forHead = {
  do: z.literal('for'),
  note,
  var: variable,
  from: whole('First value, default 0.', Number.MIN_SAFE_INTEGER).optional(),
  to: whole('Last value, included.', Number.MIN_SAFE_INTEGER).optional(),
  below: whole('First value not taken.', Number.MIN_SAFE_INTEGER).optional(),
  step: whole('From one value to the next, default 1; may be negative.', Number.MIN_SAFE_INTEGER).optional(),
  in: z
    .array(whole('a value', Number.MIN_SAFE_INTEGER))
    .optional()
    .describe('The values themselves, instead of from/to.'),
};

/** For loading: bodies are left raw, so that each of their steps is validated by its own kind. */
export const repeatHeadSchema = z.strictObject({ ...repeatHead, steps: z.array(z.unknown()) });
export const forHeadSchema = z.strictObject({ ...forHead, steps: z.array(z.unknown()) });
const all: Readonly<Record<string, z.ZodObject>> = { ...shapes, ...calls };
/** The schema of a step, by the name under `do`. */
export const stepSchemaOf = (name: string): z.ZodType<object> | undefined =>
  Object.hasOwn(all, name) ? all[name] : undefined;
export const STEP_NAMES: readonly string[] = [...Object.keys(all), 'repeat', 'for'];

/** For the published schema: bodies are lists of steps. */
export const repeatSchema: z.ZodType = z.strictObject({
  ...repeatHead,
  get steps(): z.ZodArray<z.ZodType> {
    return z.array(stepSchema).describe('Steps of the body.');
  },
});
export const forSchema: z.ZodType = z.strictObject({
  ...forHead,
  get steps(): z.ZodArray<z.ZodType> {
    return z.array(stepSchema).describe('Steps of the body.');
  },
});
export const stepSchema: z.ZodType = z
  .union([...Object.values(shapes), ...groupedCallSchemas(callHead), repeatSchema, forSchema])
  .meta({ id: 'step' });
