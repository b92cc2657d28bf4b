/** Steps that call a function of the program. */
import type { Process } from '../../kernel/process.ts';
import { type Argument, isSize, type Parameter } from '../../process/functions/function.ts';
import { programFunction } from '../../process/functions/registry.ts';
import { toAddress } from '../expression.ts';
import type { StepOutcome } from '../result.ts';
import { argumentOf, type CallStep } from '../schema/calls.ts';
import type { Executed } from './executed.ts';
import { CannotRun, type StepContext } from './state.ts';

export function call(context: StepContext, process: Process, step: CallStep): Executed {
  const called = programFunction(step.function);
  if (called === undefined) throw new CannotRun(`programs have no function \`${step.function}\``);
  const args = called.parameters.map((parameter) => argumentValue(context, step, parameter));
  const result = context.machine.call(process, step.function, args, { thread: step.thread });
  const { output: printed, remarks } = result;
  if (result.signal !== null && !result.ok) {
    if (step.as !== undefined) unbind(context, step, `was ended by ${result.signal.signal}`);
    return { outcome: { kind: 'signal', info: result.signal }, signal: result.signal, printed, remarks };
  }
  const answer = result.text ?? result.value ?? undefined;
  const pointer = called.result === 'pointer' ? Number(result.value ?? 0) : undefined;
  if (step.as !== undefined && result.value !== null) {
    // A name that means NULL is a name for 0: `free` of it does nothing, a store through it faults.
    context.names.symbols.set(step.as, Number(result.value));
    context.names.unbound.delete(step.as);
  }
  const outcome: StepOutcome =
    pointer !== undefined
      ? { kind: 'pointer', address: pointer }
      : answer === undefined
        ? { kind: 'ok' }
        : { kind: 'answer', text: String(answer) };
  return {
    outcome,
    printed,
    remarks,
    ...(pointer === undefined ? {} : { pointer }),
    ...(answer === undefined ? {} : { answer }),
  };
}

function argumentValue(context: StepContext, step: CallStep, parameter: Parameter): Argument {
  const given = argumentOf(step, parameter.name);
  if (given === undefined) return parameter.default ?? 0;
  if (typeof given === 'string') return given;
  // Plain numbers keep their sign. Pointers are 64-bit words that wrap; so does a negative size, as it would in C, but one of
  // more than 64 bits could not be written there: the machine refuses it.
  const value = context.quantity(given);
  return parameter.kind === 'number' || (parameter.kind === 'size' && !isSize(value)) ? value : toAddress(value);
}

function unbind(context: StepContext, step: CallStep, why: string): void {
  if (step.as === undefined) return;
  context.names.symbols.delete(step.as);
  context.names.unbound.set(step.as, `the ${step.function} that should bind it ${why}`);
}
