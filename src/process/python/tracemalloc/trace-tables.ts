/**
 * What is known of each live block: one trace per (domain, address). Python's own blocks, of all three allocator domains,
 * are in trace domain 0; other numbers belong to whoever calls track(), and each gets a table of its own when first used.
 *
 *     traces of domain 0   address ──▶ trace (16 bytes): +0 bytes requested   +8 traceback
 *     domains              number  ──▶ table of that domain's traces
 *     traced, peak         sum of the sizes in all tables, and its highest value since the last reset
 *
 * Traces come from the inner raw allocator. [tracemalloc_add_trace, tracemalloc_remove_trace]
 */
import { NULL } from '../../allocator.ts';
import type { ProgramMemory } from '../../program-memory.ts';
import type { HashTables } from './hash-table.ts';
import { readTable } from './hash-table.ts';
import { DOMAINS, PEAK, SAVED, TRACED, TRACES } from './state.ts';
import type { TraceHost } from './trace-host.ts';

const TRACE_BYTES = 16;
export const TRACE_SIZE = 0;
export const TRACE_TRACEBACK = 8;
/** The domain of Python's blocks. */
export const PYTHON_DOMAIN = 0;
/** _Py_HashPointer turns an address right by as many bits: the low ones are mostly zero. */
const POINTER_TURN = 16;

export class TraceTables {
  private readonly memory: ProgramMemory;
  private readonly state: number;
  private readonly tables: HashTables;
  private readonly host: TraceHost;

  constructor(memory: ProgramMemory, state: number, tables: HashTables, host: TraceHost) {
    this.memory = memory;
    this.state = state;
    this.tables = tables;
    this.host = host;
  }

  /** The trace of a block, NULL when there is none. */
  find(domain: number, address: number): number {
    const table = this.tableOf(domain);
    if (table === NULL) return NULL;
    const entry = this.entryOf(table, address);
    return entry === NULL ? NULL : this.tables.value(entry);
  }

  /** Note a block, or note a known one anew. False, and nothing changed: no memory, or a sum that no number can hold. */
  add(domain: number, address: number, size: number, traceback: number): boolean {
    const { memory, tables, host, state } = this;
    const traced = memory.load64(state + TRACED);
    if (traced + size > Number.MAX_SAFE_INTEGER) return false;
    const table = this.tableFor(domain);
    if (table === NULL) return false;
    const entry = this.entryOf(table, address);
    if (entry !== NULL) {
      const trace = tables.value(entry);
      const before = memory.load64(trace + TRACE_SIZE);
      memory.store64(trace + TRACE_SIZE, size);
      memory.store64(trace + TRACE_TRACEBACK, traceback);
      this.setTraced(traced - before + size);
      return true;
    }
    const trace = host.callMalloc(state + SAVED, TRACE_BYTES);
    if (trace === NULL) return false;
    memory.store64(trace + TRACE_SIZE, size);
    memory.store64(trace + TRACE_TRACEBACK, traceback);
    if (!tables.insert(table, hashLow(address), hashHigh(address), address, trace)) {
      host.callFree(state + SAVED, trace);
      return false;
    }
    this.setTraced(traced + size);
    return true;
  }

  /** Forget a block; nothing happens when it is unknown. */
  remove(domain: number, address: number): void {
    const { memory, tables, host, state } = this;
    const table = this.tableOf(domain);
    if (table === NULL) return;
    const entry = this.entryOf(table, address);
    if (entry === NULL) return;
    const trace = tables.value(entry);
    tables.remove(table, entry);
    memory.store64(state + TRACED, memory.load64(state + TRACED) - memory.load64(trace + TRACE_SIZE));
    host.callFree(state + SAVED, trace);
  }

  /** Forget every block of every domain. */
  clear(): void {
    const { memory, tables, host, state } = this;
    const free = (_address: number, trace: number): void => host.callFree(state + SAVED, trace);
    tables.clear(memory.load64(state + TRACES), free);
    tables.clear(memory.load64(state + DOMAINS), (_domain, table) => tables.destroy(table, free));
    memory.store64(state + TRACED, 0);
    memory.store64(state + PEAK, 0);
  }

  /** Every domain that has a table, with the table: domain 0, then the others in the order of theirs. */
  all(): { readonly domain: number; readonly table: number }[] {
    const { memory, state } = this;
    const others = readTable(memory, memory.load64(state + DOMAINS)).entries;
    const python = { domain: PYTHON_DOMAIN, table: memory.load64(state + TRACES) };
    return [python, ...others.map(({ key, value }) => ({ domain: key, table: value }))];
  }

  private setTraced(traced: number): void {
    const { memory, state } = this;
    memory.store64(state + TRACED, traced);
    if (traced > memory.load64(state + PEAK)) memory.store64(state + PEAK, traced);
  }

  /** The table of a domain, NULL when it has none. */
  private tableOf(domain: number): number {
    const { memory, tables, state } = this;
    if (domain === PYTHON_DOMAIN) return memory.load64(state + TRACES);
    const domains = memory.load64(state + DOMAINS);
    for (let entry = tables.first(domains, domain); entry !== NULL; entry = tables.next(entry)) {
      if (tables.key(entry) === domain) return tables.value(entry);
    }
    return NULL;
  }

  /** The same, made now if need be; NULL: no memory for it. */
  private tableFor(domain: number): number {
    const known = this.tableOf(domain);
    if (known !== NULL) return known;
    const { memory, tables, state } = this;
    const table = tables.create();
    if (table === NULL) return NULL;
    if (tables.insert(memory.load64(state + DOMAINS), domain, 0, domain, table)) return table;
    tables.destroy(table, () => {});
    return NULL;
  }

  private entryOf(table: number, address: number): number {
    const { tables } = this;
    let entry = tables.first(table, hashLow(address));
    while (entry !== NULL && tables.key(entry) !== address) entry = tables.next(entry);
    return entry;
  }
}

/** Low and high half of an address turned right by 4 bits. */
export function hashLow(address: number): number {
  return Math.floor(address / POINTER_TURN) >>> 0;
}

function hashHigh(address: number): number {
  const low = address % POINTER_TURN;
  return Math.floor(address / POINTER_TURN / 2 ** 32) + low * 2 ** 28;
}
