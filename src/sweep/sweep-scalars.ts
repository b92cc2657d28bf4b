/** The scalars of a sweep file that scenarios do not have: numbers of frames, seeds, costs, kinds, shares. */
import { InputError } from '../mmu/input-error.ts';
import { ScalarProblem } from '../scenario/scalar-problem.ts';
import { describeInput, scalar, size, whole } from '../scenario/schema/scalars.ts';
import { parseCostModel } from '../trace/cost-model.ts';
import { frameSizes } from '../trace/frame-sizes.ts';
import { parseKinds } from '../trace/kind-names.ts';
import { pageShift } from '../trace/page-span.ts';

const SEEDS_MAX = 10_000;

/** What reads the same thing elsewhere, with its complaints about a text in the words of this file. */
function read<Value>(code: string, parse: () => Value): Value {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    // Options of the command line are named before the colon; here the key is named anyway.
    throw new ScalarProblem({ code, message: error.message.replace(/^\w+: /, ''), hint: error.hint });
  }
}

/** Numbers and text alike as text. */
function asText(input: unknown, expected: string): string {
  if (typeof input === 'string' || typeof input === 'number' || typeof input === 'bigint') return String(input);
  throw new ScalarProblem({ code: 'MEM-SCN-009', message: `expected ${expected}, found ${describeInput(input)}` });
}

export const frameNumbers = (description: string) =>
  scalar(
    (input) => {
      const text = asText(input, 'numbers of frames');
      return read('MEM-SWP-021', () => frameSizes('frames', text));
    },
    { type: ['integer', 'string'], description, examples: [64, '16..1024', '64..4096:64'] },
  );

/** `7`, `0..9` one by one, `0..90:10` in steps, and several with commas between. */
export const seedNumbers = (description: string) =>
  scalar(
    (input): number[] => {
      const parts = asText(input, 'seeds').split(',');
      return parts.flatMap((part) => seedRange(part.trim()));
    },
    { type: ['integer', 'string'], description, examples: [7, '0..9'] },
  );

function seedRange(part: string): number[] {
  const match = /^(\d+)(?:\.\.(\d+)(?::(\d+))?)?$/.exec(part);
  const [from, to, step] = [Number(match?.[1]), Number(match?.[2] ?? match?.[1]), Number(match?.[3] ?? 1)];
  const wrong = (message: string, hint: string) => new ScalarProblem({ code: 'MEM-SWP-022', message, hint });
  if (match === null || !Number.isSafeInteger(to) || step === 0) {
    throw wrong(`\`${part}\` is no seed or range of seeds`, 'such as 7, 0..9 or 0..90:10 (in steps)');
  }
  if (to < from) throw wrong(`\`${part}\` runs backwards`, `from the smaller to the larger: ${to}..${from}`);
  const count = Math.floor((to - from) / step) + 1;
  if (count > SEEDS_MAX) throw wrong(`${count} seeds are too many`, `${SEEDS_MAX} at most`);
  return Array.from({ length: count }, (_, index) => from + index * step);
}

/** Bytes of a page: a power of two. */
export const pageBytes = (description: string) =>
  size(description).superRefine((bytes, context) => {
    try {
      pageShift(bytes);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      const { code, message, hint } = error;
      context.addIssue({ code: 'custom', message, input: bytes, params: { problem: { code, message, hint } } });
    }
  });

export const processNumber = (description: string) => whole(description, 0, 2 ** 32 - 1);

export const referenceKinds = (description: string) =>
  scalar(
    (input) => {
      const text = Array.isArray(input) ? input.map(String).join(',') : asText(input, 'kinds of references');
      return read('MEM-SWP-023', () => parseKinds('kinds', text));
    },
    { type: ['string', 'array'], items: { type: 'string' }, description, examples: ['data', 'load,store'] },
  );

export const share = (description: string) =>
  scalar(
    (input): number => {
      if (typeof input === 'number' && input >= 0 && input <= 1) return input;
      const found = describeInput(input);
      throw new ScalarProblem({ code: 'MEM-SCN-009', message: `expected a share from 0 to 1, found ${found}` });
    },
    { type: 'number', minimum: 0, maximum: 1, description },
  );

/** A cost as `name=value` of `trace simulate --cost`, checked; the model is made of all of them at once. */
export const costValue = (name: string, description: string) =>
  scalar(
    (input): string => {
      const setting = `${name}=${asText(input, 'a cost')}`;
      read('MEM-SWP-024', () => parseCostModel([setting]));
      return setting;
    },
    { type: ['number', 'string'], description },
  );
