/** Numbers of frames as people write them: `64`, `64,100`, `64..4096` (doubling), `64..4096:64` (in steps). */
import { InputError } from '../mmu/input-error.ts';
import { checkFrames } from './replay.ts';

const SIZES_MAX = 4096;

/**
 * Ascending, each once. A doubling range ends with its upper end, whether doubling meets it or not; one in steps ends with
 * the last step inside.
 * @throws InputError MEM-CLI-007 not a list of numbers and ranges; MEM-TRC-021 an impossible number of frames
 */
export function frameSizes(option: string, text: string): number[] {
  const sizes = new Set<number>();
  for (const part of text.split(',')) {
    for (const frames of rangeOf(option, part.trim())) {
      checkFrames(frames);
      sizes.add(frames);
      if (sizes.size > SIZES_MAX) {
        throw new InputError({
          code: 'MEM-CLI-007',
          message: `${option}: more than ${SIZES_MAX} numbers of frames`,
          hint: 'take larger steps; all sizes in one pass: mmulator mrc',
        });
      }
    }
  }
  return [...sizes].sort((one, other) => one - other);
}

function* rangeOf(option: string, part: string): Generator<number, void, undefined> {
  const match = /^(\d+)(?:\.\.(\d+)(?::(\d+))?)?$/.exec(part);
  const from = Number(match?.[1]);
  if (match === null) throw notSizes(option, part, 'such as 64, 64..4096 (doubling) or 64..4096:64 (in steps)');
  if (match[2] === undefined) {
    yield from;
    return;
  }
  const to = Number(match[2]);
  const step = match[3] === undefined ? null : Number(match[3]);
  if (to < from) throw notSizes(option, part, `from the smaller to the larger: ${to}..${from}`);
  if (from === 0) throw notSizes(option, part, 'there is at least one frame');
  if (step === 0) throw notSizes(option, part, 'a step is at least 1');
  for (let frames = from; frames <= to; frames = step === null ? 2 * frames : frames + step) yield frames;
  if (step === null) yield to;
}

const notSizes = (option: string, part: string, hint: string): InputError =>
  new InputError({ code: 'MEM-CLI-007', message: `${option}: \`${part}\` is no number or range of frames`, hint });
