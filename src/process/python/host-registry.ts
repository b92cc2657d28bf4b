/**
 * Which number means which host allocator. Shared by all programs of a machine: numbers, once given, stay, since records in
 * the programs' memory hold them.
 */
import { type AllocatorFunctions, type ArenaFunctions, HOST_FIRST, IMPLEMENTERS_MAX } from './allocator-record.ts';
import { HostAllocatorFunctions, HostArenaFunctions } from './host-calls.ts';
import type { HostAllocator, HostArenaAllocator, HostCaller, HostEntry, HostFunctions } from './host-functions.ts';
import { HOST_ALLOCATORS, HOST_ARENA_ALLOCATORS } from './ready-made-hosts.ts';

type Registered =
  | { readonly kind: 'allocator'; readonly host: HostAllocator }
  | { readonly kind: 'arena'; readonly host: HostArenaAllocator };

export class HostRegistry implements HostFunctions {
  private readonly entries: Registered[] = [];

  /** With the ready-made ones: counting, failing, logging, counting-arena. */
  constructor() {
    for (const host of HOST_ALLOCATORS) this.register(host);
    for (const host of HOST_ARENA_ALLOCATORS) this.registerArena(host);
  }

  /** Its implementer number; null when the name is taken or all numbers are. */
  register(host: HostAllocator): number | null {
    return this.add({ kind: 'allocator', host });
  }

  registerArena(host: HostArenaAllocator): number | null {
    return this.add({ kind: 'arena', host });
  }

  /** Names of a kind with what each does, in order of registration. */
  list(kind: 'allocator' | 'arena'): { readonly name: string; readonly about: string }[] {
    const ofKind = this.entries.filter((entry) => entry.kind === kind);
    return ofKind.map(({ host: { name, about } }) => ({ name, about }));
  }

  find(name: string): HostEntry | null {
    const index = this.entries.findIndex(({ host }) => host.name === name);
    const entry = this.entries[index];
    return entry === undefined ? null : { implementer: HOST_FIRST + index, kind: entry.kind, words: entry.host.words };
  }

  allocator(implementer: number, caller: HostCaller): AllocatorFunctions | null {
    const entry = this.entries[implementer - HOST_FIRST];
    return entry?.kind === 'allocator' ? new HostAllocatorFunctions(entry.host, caller) : null;
  }

  arena(implementer: number, caller: HostCaller): ArenaFunctions | null {
    const entry = this.entries[implementer - HOST_FIRST];
    return entry?.kind === 'arena' ? new HostArenaFunctions(entry.host, caller) : null;
  }

  private add(entry: Registered): number | null {
    const implementer = HOST_FIRST + this.entries.length;
    if (implementer >= IMPLEMENTERS_MAX || this.find(entry.host.name) !== null) return null;
    this.entries.push(entry);
    return implementer;
  }
}
