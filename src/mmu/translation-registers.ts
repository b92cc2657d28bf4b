/**
 * What a processor is told to translate by: the root table, the address space's tag, and who is asking. Every change drops
 * the soft TLBs, whose entries hold for the registers they were made under.
 */
import { AS_USER, MXR, SUM, SUPERVISOR_FREE } from './access-rights.ts';
import type { PageTableFormat } from './page-table/formats.ts';
import { SoftTlbs } from './tlb/soft-tlb.ts';

export abstract class TranslationRegisters {
  static readonly shared: readonly string[] = ['format'];

  readonly format: PageTableFormat;
  protected readonly soft: SoftTlbs;
  protected rootAddress = 0;
  protected currentAsid = 0;
  /** Bits of access-rights.ts. */
  protected privilege: number;

  constructor(format: PageTableFormat) {
    this.format = format;
    this.soft = new SoftTlbs(format.pageShift);
    this.privilege = format.rules.supervisor === 'free' ? AS_USER | SUPERVISOR_FREE : AS_USER;
  }

  /** Physical address of the root table. */
  get root(): number {
    return this.rootAddress;
  }
  set root(address: number) {
    this.rootAddress = address;
    this.soft.clear();
  }

  get asid(): number {
    return this.currentAsid;
  }
  set asid(asid: number) {
    this.currentAsid = asid;
    this.soft.clear();
  }

  /** Privilege: user (the default) or supervisor. */
  get user(): boolean {
    return (this.privilege & AS_USER) !== 0;
  }
  set user(on: boolean) {
    this.setPrivilege(AS_USER, on);
  }

  /** RISC-V SUM, x86 EFLAGS.AC: the supervisor may use the data of user pages. */
  get sumBit(): boolean {
    return (this.privilege & SUM) !== 0;
  }
  set sumBit(on: boolean) {
    this.setPrivilege(SUM, on);
  }

  /** RISC-V MXR: executable pages are readable. No effect on other formats. */
  get mxrBit(): boolean {
    return (this.privilege & MXR) !== 0;
  }
  set mxrBit(on: boolean) {
    this.setPrivilege(MXR, on && this.format.family === 'riscv');
  }

  private setPrivilege(bit: number, on: boolean): void {
    const next = on ? this.privilege | bit : this.privilege & ~bit;
    if (next === this.privilege) return;
    this.privilege = next;
    this.soft.clear();
  }
}
