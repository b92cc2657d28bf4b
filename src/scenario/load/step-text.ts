/** A step as one line, symbols kept: `store child buf+0x10 = 7`. What reports show, and what a reader recognises. */

import { sizeText } from '../../mmu/size-text.ts';
import { programFunction } from '../../process/functions/registry.ts';
import type { Expression } from '../expression.ts';
import { argumentOf, type CallStep } from '../schema/calls.ts';
import { flagText } from '../schema/flags.ts';
import { type ActionStep, nameOfStep, type StepOf } from '../schema/steps.ts';

export function stepText(step: ActionStep): string {
  const details = detailsOf(step);
  return [nameOfStep(step), step.process, details].filter((part) => part !== undefined && part !== '').join(' ');
}

const hex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ');
const prefixed = (prefix: string, part: Expression | string | number | undefined): string =>
  part === undefined ? '' : `${prefix}${typeof part === 'object' ? part.text : part}`;
/** As a person writes it: the file has `128KiB`, of which only the number is left. */
const sizeOf = (bytes: number | 'infinity' | undefined): string | undefined =>
  typeof bytes === 'number' && bytes > 0 ? sizeText(bytes) : bytes?.toString();
const words = (...parts: readonly string[]): string => parts.filter((part) => part !== '').join(' ');

function detailsOf(step: ActionStep): string {
  switch (step.do) {
    case 'spawn':
      return words(prefixed('on cpu ', step.cpu), step.signals === 'survive' ? 'surviving signals' : '');
    case 'mmap':
      return mmapText(step);
    case 'munmap':
    case 'mlock':
    case 'munlock':
      return rangeText(step);
    case 'mprotect':
      return words(rangeText(step), protText(step.prot));
    case 'mremap':
      return words(
        `${rangeText(step)} to ${step.newLength.text}`,
        flagText(step.flags),
        prefixed('at ', step.to),
        prefixed('as ', step.as),
      );
    case 'madvise':
      return words(rangeText(step), String(step.advice));
    case 'mlock2':
    case 'msync':
      return words(rangeText(step), flagText(step.flags));
    case 'mlockall':
      return flagText(step.flags);
    case 'munlockall':
      return '';
    case 'mincore':
      return words(rangeText(step), prefixed('into ', step.vector));
    case 'mseal':
      return words(rangeText(step), prefixed('flags ', step.flags));
    case 'remap_file_pages':
      return words(rangeText(step), `from page ${step.page.text}`, flagText(step.flags));
    case 'setrlimit':
      return words(step.resource, String(step.soft), prefixed('hard ', step.hard));
    case 'oom_score_adj':
      return words(String(step.value), step.privileged === true ? 'privileged' : '');
    case 'shmget':
      return words(step.size.text, prefixed('as ', step.as));
    case 'shmat':
      return words(step.id.text, prefixed('at ', step.at), flagText(step.flags), prefixed('as ', step.as));
    case 'shmdt':
    case 'peekdata':
      return step.at.text;
    case 'shmctl':
      return `${step.id.text} ${step.command}`;
    case 'pokedata':
      return `${step.at.text} = ${step.value.text}`;
    case 'create':
      return words(step.file, step.kind ?? '', prefixed('of ', step.size));
    case 'unlink':
      return step.file;
    case 'drop_caches':
      return step.file ?? '';
    case 'open':
      return words(step.file, step.mode ?? 'r', prefixed('as ', step.as));
    case 'close':
    case 'fsync':
      return step.fd.text;
    case 'pread64':
    case 'pwrite64':
      return words(step.fd.text, rangeText(step), prefixed('offset ', step.offset));
    case 'ftruncate':
      return `${step.fd.text} to ${step.size.text}`;
    case 'truncate':
      return `${step.file} to ${step.size.text}`;
    case 'fallocate':
      return words(step.fd.text, flagText(step.mode ?? ['punch_hole']), `${step.offset.text} ${step.length.text}`);
    case 'group_create':
    case 'group_limit':
      return words(step.group, prefixed('limit ', sizeOf(step.limit)), prefixed('swappiness ', step.swappiness));
    case 'group_move':
      return `to ${step.group}`;
    case 'reclaim':
      return step.group;
    case 'sysctl':
      return `${step.name} = ${step.value}`;
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
      return `fd ${step.fd?.text ?? (step.do === 'read' ? 0 : 1)} ${rangeText(step)}`;
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

const rangeText = (step: { readonly at: Expression; readonly length: Expression }): string =>
  `${step.at.text} ${step.length.text}`;

const protText = (prot: string): string => (prot === '' || prot.startsWith('|') ? `none${prot}` : prot);

function mmapText(step: StepOf<'mmap'>): string {
  return words(
    step.length.text,
    step.prot === undefined ? 'rw' : protText(step.prot),
    flagText(step.flags),
    prefixed('of ', step.fd),
    prefixed('offset ', step.offset),
    prefixed('at ', step.at),
    prefixed('as ', step.as),
  );
}

function storeText(step: StepOf<'store'>): string {
  if (step.value !== undefined) return step.value.text;
  if (step.text !== undefined) return JSON.stringify(step.text);
  return step.bytes === undefined ? '' : hex(step.bytes);
}
