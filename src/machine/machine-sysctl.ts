/**
 * /proc/sys/vm as an administrator handles it:
 *
 *     machine.sysctl.get('swappiness');         // 60
 *     machine.sysctl.set('swappiness', 0);      // 0
 *     machine.sysctl.set('swappiness', 201);    // -22, EINVAL: it goes up to 200
 *
 * `new Machine({ sysctl: { swappiness: 0 } })` has it from the start.
 */
import type { Kernel } from '../kernel/kernel.ts';
import { isSysctl, isSysctlValue, SYSCTL_NAMES, type SysctlName, setSysctl, sysctlRange } from '../kernel/sysctl.ts';
import { InputError } from '../mmu/input-error.ts';
import { suggest } from '../mmu/nearest.ts';
import { requireAddress } from './check-access.ts';
import { wordAmong } from './known-names.ts';
import { shown } from './options-check.ts';

/** Settings of /proc/sys/vm, by Linux's names. */
export type SysctlSettings = { readonly [Name in SysctlName]?: number | undefined };

export class MachineSysctl {
  private readonly kernel: Kernel;

  /** `settings` have been checked. */
  constructor(kernel: Kernel, settings: SysctlSettings) {
    this.kernel = kernel;
    for (const name of SYSCTL_NAMES) {
      const value = settings[name];
      if (value !== undefined) setSysctl(kernel.sysctl, name, value);
    }
  }

  /** The value; nr_hugepages is Infinity until it is set. @throws InputError MEM-API-026 for a name that there is not */
  get(name: SysctlName): number {
    return this.kernel.sysctl[wordAmong(SYSCTL_NAMES, name, 'settings')];
  }

  /** 0, or -EINVAL outside of what the name takes. @throws InputError MEM-API-026, and -008 for what is no whole number */
  set(name: SysctlName, value: number): number {
    const known = wordAmong(SYSCTL_NAMES, name, 'settings');
    requireAddress(value);
    return setSysctl(this.kernel.sysctl, known, value);
  }
}

/** What is wrong with settings from a caller: MEM-CFG-008 for an unknown name, -002 for a value that it does not take. */
export function sysctlErrors(settings: SysctlSettings): InputError[] {
  if (typeof settings !== 'object' || settings === null || Array.isArray(settings)) {
    const message = `sysctl must be an object of settings, not ${shown(settings)}`;
    return [new InputError({ code: 'MEM-CFG-002', message, hint: 'write sysctl: { swappiness: 60 }' })];
  }
  return Object.entries(settings).flatMap(([name, value]) => {
    if (value === undefined) return [];
    if (!isSysctl(name)) {
      const message = `sysctl has no setting \`${name}\``;
      return [new InputError({ code: 'MEM-CFG-008', message, hint: suggest(name, SYSCTL_NAMES, 'settings') })];
    }
    if (isSysctlValue(name, value)) return [];
    const { least, most } = sysctlRange(name);
    const message = `sysctl.${name} must be a whole number from ${least} to ${most}, not ${shown(value)}`;
    return [new InputError({ code: 'MEM-CFG-002', message, hint: `write sysctl: { '${name}': ${least} }` })];
  });
}
