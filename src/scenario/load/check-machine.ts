/** What can be said about `machine:` before it is built: sizes that do not fit its pages, keys that need `kernel: none`. */
import { machineOptionMistakes } from '../../kernel/reclaim/option-table.ts';
import { isSysctl, isSysctlValue } from '../../kernel/sysctl.ts';
import { resolveConfig } from '../../machine/config.ts';
import { InputError, InputErrors, type SourceRange } from '../../mmu/input-error.ts';
import { type MachineSpec, machineConfigOf, pageBytesOf, policyOf } from '../schema/machine.ts';
import type { Locator } from './locate.ts';

/** `lost`: keys that are not in `spec` because they have mistakes; what depends on them is left unsaid. */
export function checkMachine(
  spec: MachineSpec,
  locator: Locator,
  file: string,
  lost: readonly string[] = [],
): InputError[] {
  const errors: InputError[] = [];
  const wrong = (code: string, message: string, hint: string, range: SourceRange) => {
    errors.push(new InputError({ code, message, hint, range, file }));
  };
  const pageBytes = pageBytesOf(spec);
  const pagesKnown = !lost.includes('paging');
  for (const key of pagesKnown ? (['memory', 'swap', 'disk'] as const) : []) {
    const bytes = spec[key];
    if (bytes === undefined || bytes % pageBytes === 0) continue;
    const up = Math.ceil(bytes / pageBytes) * pageBytes;
    wrong(
      'MEM-SCN-025',
      `\`${key}\`: ${bytes} bytes is not a whole number of ${pageBytes}-byte pages`,
      `the next whole number is ${up}`,
      locator.value(['machine', key]),
    );
  }
  if (spec.memory === 0)
    wrong(
      'MEM-SCN-011',
      '`memory`: a machine needs memory',
      'give at least a few pages: `64KiB`',
      locator.value(['machine', 'memory']),
    );

  // Of what is found here the machine would only say the same again: those keys it is not shown.
  const { memory, swap, disk, sysctl: _sysctl, replacementOptions, ...others } = spec;
  const shown = errors.length === 0 ? { ...others, memory, swap, disk } : others;
  // By itself a TLB can be right or wrong; most else is so only together with the page-table format.
  errors.push(...refused(pagesKnown ? shown : { tlb: spec.tlb }, locator, file));
  for (const [name, value] of Object.entries(spec.sysctl ?? {})) {
    if (value === undefined || !isSysctl(name) || isSysctlValue(name, value)) continue;
    wrong(
      'MEM-SCN-011',
      `\`${name}\` cannot be ${value}`,
      'the kernel would refuse it with EINVAL',
      locator.value(['machine', 'sysctl', name]),
    );
  }
  const policy = lost.includes('replacement') ? null : policyOf(spec);
  for (const { name, of, error } of machineOptionMistakes(policy, replacementOptions ?? {})) {
    const range = locator[of === 'name' ? 'key' : 'value'](['machine', 'replacementOptions', name]);
    wrong(error.code, error.message, error.hint ?? '', range);
  }
  if (lost.includes('kernel')) return errors;
  if (spec.kernel === 'none') {
    errors.push(...checkContents(spec, locator, file));
    return errors;
  }
  for (const key of ['root', 'asid', 'contents'] as const) {
    if (spec[key] !== undefined) {
      wrong(
        'MEM-SCN-026',
        `\`${key}\` is for bare hardware only`,
        'add `kernel: none`, or leave it out: the kernel makes the page tables',
        locator.key(['machine', key]),
      );
    }
  }
  if (spec.tlb?.preset !== undefined) {
    wrong(
      'MEM-SCN-026',
      '`preset` is for bare hardware only',
      'add `kernel: none`, or leave it out',
      locator.key(['machine', 'tlb', 'preset']),
    );
  }
  return errors;
}

/** What the machine itself would refuse, placed at the key it speaks of: `cpus must be …`, `tlb.l2: …`, `paging: …`. */
function refused(spec: MachineSpec, locator: Locator, file: string): InputError[] {
  try {
    resolveConfig(machineConfigOf(spec));
    return [];
  } catch (error) {
    if (!(error instanceof InputErrors)) throw error;
    return error.errors.map(({ code, message, hint }) => {
      const words = message.match(/[A-Za-z]+/g) ?? [];
      const key =
        words.find((word) => Object.hasOwn(spec, word)) ?? (code.startsWith('MEM-POL') ? 'replacement' : 'paging');
      const range = Object.hasOwn(spec, key) ? locator.value(['machine', key]) : locator.key(['machine']);
      return new InputError({ code, message, hint, range, file });
    });
  }
}

function checkContents(spec: MachineSpec, locator: Locator, file: string): InputError[] {
  const errors: InputError[] = [];
  for (const [index, part] of (spec.contents ?? []).entries()) {
    const path = ['machine', 'contents', index];
    const given = [part.bytes, part.words].filter((way) => way !== undefined).length;
    if (given !== 1) {
      const message = given === 0 ? 'contents need `bytes` or `words`' : '`bytes` and `words` exclude each other';
      errors.push(
        new InputError({
          code: given === 0 ? 'MEM-SCN-008' : 'MEM-SCN-021',
          message,
          hint: '`{ at: 0x40, bytes: "a1 ff" }` or `{ at: 0x40, words: [0xa1] }`',
          range: locator.value(path),
          file,
        }),
      );
    }
  }
  for (const [index, entry] of (spec.tlb?.preset ?? []).entries()) {
    if (entry.vpn !== undefined || (entry.set !== undefined && entry.tag !== undefined)) continue;
    errors.push(
      new InputError({
        code: 'MEM-SCN-008',
        message: 'a preset TLB entry needs `vpn`, or `set` and `tag`',
        hint: '`{ vpn: 0x0f, pfn: 0x0d }`',
        range: locator.value(['machine', 'tlb', 'preset', index]),
        file,
      }),
    );
  }
  return errors;
}
