/**
 * Steps that call a function of the program: `malloc`, `PyObject_Free`, `tracemalloc.start`. One kind of step for each
 * function there is, made from the functions' own table: the keys are the parameters' names.
 *
 *     { do: malloc, size: 100, as: p }        { do: PyMem_Realloc, ptr: p, size: 200, as: p }
 */
import { z } from 'zod';
import type { Parameter, ProgramFunction } from '../../process/functions/function.ts';
import { PROGRAM_FUNCTIONS } from '../../process/functions/registry.ts';
import { DOMAIN_NAMES } from '../../process/python/allocator-record.ts';
import type { Expression } from '../expression.ts';
import { expectFor, type StepExpect } from './expect.ts';
import { address, length, symbolName, value } from './scalars.ts';

/** A call step as the runner sees it: `do` is `call` for all of them, and `function` says which. */
export interface CallStep {
  readonly do: 'call';
  readonly function: string;
  readonly process?: string | undefined;
  readonly thread?: string | undefined;
  readonly note?: string | undefined;
  readonly as?: string | undefined;
  readonly expect?: StepExpect | undefined;
}

const thread = symbolName('The thread that calls. Default: the one that ran last, at first `main`.')
  .meta({ id: 'calling-thread' })
  .optional();
const bound = symbolName('Name for the address or number it answers.').meta({ id: 'bound-result' }).optional();

function parameterSchema({ kind, about }: Parameter): z.ZodType {
  switch (kind) {
    case 'pointer':
      return address(`Address: ${about}. 0 is NULL.`);
    case 'size':
      return length(`${capital(about)}.`);
    case 'number':
      return value(`${capital(about)}.`);
    case 'domain':
      return z.enum(DOMAIN_NAMES).describe(`One of ${about}.`);
    case 'text':
      return z.string().describe(`Text: ${about}.`);
    default:
      return kind satisfies never;
  }
}

const capital = (text: string): string => text.replace(/^./, (letter) => letter.toUpperCase());

type Head = (names: readonly string[]) => z.ZodRawShape;

/** The schemas of all call steps, by function name. `head`: the keys that all steps share, for those names under `do`. */
export function callSchemas(head: Head): Readonly<Record<string, z.ZodObject>> {
  return Object.fromEntries(PROGRAM_FUNCTIONS.map((called) => [called.name, callSchema(called, head([called.name]))]));
}

/** For the published schema: functions whose steps look alike share one. */
export function groupedCallSchemas(head: Head): z.ZodObject[] {
  const groups = new Map<string, ProgramFunction[]>();
  for (const called of PROGRAM_FUNCTIONS) {
    const key = JSON.stringify([called.of === 'python', called.result, called.parameters]);
    groups.set(key, [...(groups.get(key) ?? []), called]);
  }
  return [...groups.values()].map((alike) => {
    const about =
      alike.length === 1 ? alike[0]!.about : alike.map((called) => `${called.name}: ${called.about}`).join(' ');
    return callSchema(alike[0]!, head(alike.map(({ name }) => name))).describe(about);
  });
}

const expect = expectFor('call');

function callSchema(called: ProgramFunction, head: z.ZodRawShape): z.ZodObject {
  const parameters = called.parameters.map((parameter) => {
    const schema = parameterSchema(parameter);
    return [parameter.name, parameter.default === undefined ? schema : schema.optional()];
  });
  const binds = called.result === 'nothing' || called.result === 'text' ? {} : { as: bound };
  const threads = called.of === 'python' ? { thread } : {};
  return z.strictObject({ ...head, expect, ...Object.fromEntries(parameters), ...binds, ...threads });
}

/** The value of one of the function's parameters: what the file says, parsed; undefined when it was left out. */
export function argumentOf(step: CallStep, parameter: string): Expression | string | undefined {
  return (step as unknown as Readonly<Record<string, Expression | string | undefined>>)[parameter];
}
