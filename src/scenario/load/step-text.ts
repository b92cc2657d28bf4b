/** A step as one line, symbols kept: `store child buf+0x10 = 7`. What reports show, and what a reader recognises. */

import { programFunction } from '../../process/functions/registry.ts';
import type { Expression } from '../expression.ts';
import { argumentOf, type CallStep } from '../schema/calls.ts';
import { type ActionStep, nameOfStep, type StepOf } from '../schema/steps.ts';

export function stepText(step: ActionStep): string {
  const details = detailsOf(step);
  return [nameOfStep(step), step.process, details].filter((part) => part !== undefined && part !== '').join(' ');
}

const hex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ');
const prefixed = (prefix: string, part: Expression | string | number | undefined): string =>
  part === undefined ? '' : `${prefix}${typeof part === 'object' ? part.text : part}`;
const words = (...parts: readonly string[]): string => parts.filter((part) => part !== '').join(' ');

function detailsOf(step: ActionStep): string {
  switch (step.do) {
    case 'spawn':
      return words(prefixed('on cpu ', step.cpu), step.signals === 'survive' ? 'surviving signals' : '');
    case 'mmap':
      return mmapText(step);
    case 'munmap':
      return `${step.at.text} ${step.length.text}`;
    case 'mprotect':
      return `${step.at.text} ${step.length.text} ${step.prot || 'none'}`;
    case 'brk':
      return words(step.to.text, prefixed('as ', step.as));
    case 'sbrk':
      return words(step.by.text, prefixed('as ', step.as));
    case 'fork':
      return `as ${step.as}`;
    case 'exit':
      return prefixed('with code ', step.code);
    case 'wait':
      return words(prefixed('for ', step.child), prefixed('for pid ', step.pid));
    case 'kill':
      return `with ${step.signal ?? 'SIGKILL'}`;
    case 'load':
      return words(step.at.text, prefixed('length ', step.length), prefixed('size ', step.size));
    case 'store':
      return words(`${step.at.text} =`, storeText(step), prefixed('size ', step.size));
    case 'fetch':
      return step.at.text;
    case 'rmw':
      return words(
        step.at.text,
        ...(['add', 'and', 'or', 'xor', 'set'] as const).map((name) => prefixed(`${name} `, step[name])),
      );
    case 'touch':
      return words(
        `${step.at.text} length ${step.length.text}`,
        step.access ?? '',
        prefixed('= ', step.value),
        prefixed('stride ', step.stride),
      );
    case 'read':
    case 'write':
      return `fd ${step.fd ?? (step.do === 'read' ? 0 : 1)} ${step.at.text} ${step.length.text}`;
    case 'switch':
      return `to cpu ${step.cpu}`;
    case 'peek':
      return words(step.at.text, prefixed('for ', step.access));
    case 'translate':
      return words(step.at.text, prefixed('for ', step.access), prefixed('on cpu ', step.cpu));
    case 'check':
      return step.at?.text ?? '';
    case 'call':
      return callText(step);
    case 'comment':
      return step.note;
    default:
      return step satisfies never;
  }
}

function callText(step: CallStep): string {
  const given = (programFunction(step.function)?.parameters ?? []).flatMap(({ name, kind }) => {
    const value = argumentOf(step, name);
    if (value === undefined) return [];
    if (typeof value === 'object') return [value.text];
    return [kind === 'text' ? JSON.stringify(value) : value];
  });
  return words(given.join(', '), prefixed('as ', step.as), prefixed('on thread ', step.thread));
}

function mmapText(step: StepOf<'mmap'>): string {
  const flags = typeof step.flags === 'string' ? [step.flags] : (step.flags ?? []);
  const name = prefixed('as ', step.as);
  return words(
    step.length.text,
    step.prot === undefined ? 'rw' : step.prot || 'none',
    flags.join(' '),
    prefixed('at ', step.at),
    name,
  );
}

function storeText(step: StepOf<'store'>): string {
  if (step.value !== undefined) return step.value.text;
  if (step.text !== undefined) return JSON.stringify(step.text);
  return step.bytes === undefined ? '' : hex(step.bytes);
}
