/** What a call by name must be before anything of the program runs: a function there is, with arguments that fit it. */
import { InputError } from '../mmu/input-error.ts';
import { nearest } from '../mmu/nearest.ts';
import { type Argument, isSize, type Parameter, type ProgramFunction } from '../process/functions/function.ts';
import { FUNCTION_NAMES, programFunction } from '../process/functions/registry.ts';
import { DOMAIN_NAMES } from '../process/python/allocator-record.ts';
import type { CallOptions } from './machine-api.ts';
import { ANYTHING, checkOptions, LIST, shown, TEXT } from './options-check.ts';

const CODE = 'MEM-API-013';
/** `clock` is the machine's own. */
const OPTIONS = { frames: LIST, thread: TEXT, clock: ANYTHING };

/** @throws InputError MEM-API-013 */
export function requireCallOptions(options: CallOptions): void {
  checkOptions(CODE, 'call', options, OPTIONS);
}

/** @throws InputError MEM-API-013 */
export function requireFunction(name: string): ProgramFunction {
  const called = programFunction(name);
  if (called !== undefined) return called;
  const near = nearest(String(name), FUNCTION_NAMES);
  throw new InputError({
    code: CODE,
    message: `programs have no function \`${name}\``,
    hint: near === null ? `there are ${FUNCTION_NAMES.slice(0, 4).join(', ')}, …` : `did you mean \`${near}\`?`,
  });
}

/** All of them, defaults included. @throws InputError MEM-API-013 */
export function requireArguments(called: ProgramFunction, args: readonly Argument[]): Argument[] {
  const { parameters, name } = called;
  const shape = `${name}(${parameters.map((parameter) => parameter.name).join(', ')})`;
  const refused = (message: string) => new InputError({ code: CODE, message, hint: `call ${shape}` });
  if (!Array.isArray(args)) throw refused(`the arguments of ${name} are a list, not ${shown(args)}`);
  if (args.length > parameters.length) {
    throw refused(`${name} takes ${parameters.length} arguments, not ${args.length}`);
  }
  return parameters.map((parameter, index) => {
    const value: Argument | undefined = args[index] ?? parameter.default;
    if (value === undefined) throw refused(`${name} is missing its argument \`${parameter.name}\``);
    const problem = misfit(parameter, value);
    if (problem !== null) throw refused(`\`${String(value)}\` ${problem} of ${name}`);
    return value;
  });
}

/** What is wrong with the value, as the rest of a sentence; null: nothing. */
function misfit({ kind, name }: Parameter, value: Argument): string | null {
  const isNone = `is no ${kind} for \`${name}\``;
  if (kind === 'text') return typeof value === 'string' ? null : isNone;
  if (kind === 'domain') {
    if (DOMAIN_NAMES.some((known) => known === value)) return null;
    return `is no domain (they are ${DOMAIN_NAMES.join(', ')}) for \`${name}\``;
  }
  if (typeof value === 'string' || (typeof value === 'number' && !Number.isInteger(value))) return isNone;
  if (kind === 'size' && !isSize(value)) return `is too large (a size has 64 bits) for \`${name}\``;
  return null;
}
