/** Which policies, with which options and seed: the same words for every command that replays a trace. */
import type { Options } from 'yargs';
import {
  checkReplacementOptions,
  parseReplacementOption,
  REPLACEMENT_OPTIONS,
} from '../kernel/reclaim/option-table.ts';
import type { ReplacementOptions } from '../kernel/reclaim/options.ts';
import { POLICY_NAMES, type PolicyName } from '../kernel/reclaim/policy.ts';
import { parsePolicyName } from '../kernel/reclaim/registry.ts';
import { InputError } from '../mmu/input-error.ts';
import { wholeNumber } from './numbers.ts';

export const POLICY_OPTIONS = {
  policy: { alias: 'p', type: 'string', default: 'lru', describe: 'Policies, such as lru,clock,arc; or all' },
  option: {
    type: 'string',
    array: true,
    nargs: 1,
    describe: 'Option of policies, such as window=500; again for more',
  },
  seed: { type: 'string', default: '0', describe: 'Seed of the policy random' },
} as const satisfies Record<string, Options>;

export interface PolicyArgs {
  readonly policy: string;
  readonly option?: readonly string[] | undefined;
  readonly seed: string;
}

export interface ChosenPolicies {
  /** Each once, in the order of the command line. */
  readonly policies: readonly PolicyName[];
  readonly options: ReplacementOptions;
  readonly seed: number;
}

/**
 * All that can be wrong with policies and options is told here: before a trace is read, which may take hours.
 * @throws InputError MEM-POL-001 no such policy; MEM-POL-003 an option that is none, cannot be so, or that none of the
 *   policies obeys; MEM-CLI-007 the seed
 */
export function chosenPolicies({ policy, option, seed }: PolicyArgs): ChosenPolicies {
  const names = listed('--policy', policy);
  const policies = [...new Set(names.flatMap((name) => (name === 'all' ? POLICY_NAMES : [parsePolicyName(name)])))];
  return { policies, options: optionsFor(policies, option ?? []), seed: wholeNumber('--seed', seed) };
}

/** What commas divide. @throws InputError MEM-CLI-007 for nothing before or behind one */
function listed(option: string, text: string): string[] {
  const words = text.split(',').map((word) => word.trim());
  if (!words.includes('')) return words;
  const such = words.filter((word) => word !== '').join(',');
  throw new InputError({
    code: 'MEM-CLI-007',
    message: `${option}: \`${text}\` has nothing ${words.at(-1) === '' ? 'behind' : 'before'} a comma`,
    hint: such === '' ? 'see `mmulator list policies`' : `${option} ${such}`,
  });
}

/** As `chosenPolicies`, of options alone. @throws InputError MEM-POL-003 */
export function optionsFor(policies: readonly PolicyName[], texts: readonly string[]): ReplacementOptions {
  let options: ReplacementOptions = {};
  for (const text of texts.flatMap((one) => listed('--option', one))) {
    const option = parseReplacementOption(text);
    for (const name of Object.keys(option) as (keyof ReplacementOptions)[]) {
      const { policies: obeying } = REPLACEMENT_OPTIONS[name];
      if (obeying.some((one) => policies.includes(one))) continue;
      throw new InputError({
        code: 'MEM-POL-003',
        message: `no policy here has an option \`${name}\``,
        hint: `it is one of ${obeying.join(', ')}`,
      });
    }
    options = { ...options, ...option };
  }
  checkReplacementOptions(options);
  return options;
}

/** For the end of a command's help: a line an option. */
export const policyOptionHelp = (): string =>
  Object.entries(REPLACEMENT_OPTIONS)
    .map(
      ([name, { policies, defaultsTo, description }]) =>
        `  ${name.padEnd(16)}${description} (${policies.join(', ')}; default ${defaultsTo})`,
    )
    .join('\n');
