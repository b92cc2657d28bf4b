/**
 * A heap as a row of equal units (smallest buddy blocks, slabs), counted from its first segment, with an entry for each in a
 * table apart. A unit that is not wholly in a segment is nobody's.
 *
 *     origin   |unit 0|unit 1|unit 2|unit 3|...         table   |e0|e1|e2|e3|...
 */
import { alignUp } from '../../mmu/units.ts';
import type { MemoryReader } from '../program-memory.ts';
import type { HeapSource } from './heap-source.ts';

/** The break may be anywhere; units on it start at a multiple of this. */
const BREAK_ALIGNMENT = 16;

export class UnitGrid {
  readonly unitBytes: number;
  private readonly source: HeapSource;
  private readonly onBreak: boolean;

  constructor(source: HeapSource, unitBytes: number, onBreak: boolean) {
    this.source = source;
    this.unitBytes = unitBytes;
    this.onBreak = onBreak;
  }

  /** Bytes to ask of the source so that `units` whole units come whose number is a multiple of `multiple`. */
  bytesFor(reader: MemoryReader, units: number, multiple: number): number {
    const count = this.source.count(reader);
    if (count === 0) return units * this.unitBytes + BREAK_ALIGNMENT;
    const start = this.source.nextStart();
    const from = (start - this.origin(reader)) / this.unitBytes;
    // Where the last segment goes on, the part of a unit at its end becomes a whole one.
    const first = start === this.source.end(reader, count - 1) ? Math.floor(from) : Math.ceil(from);
    return this.address(reader, alignUp(first, multiple) + units) - start;
  }

  /** Past the last unit once the source has grown by `least`: so far a table must reach before. */
  endAfter(reader: MemoryReader, least: number): number {
    const step = this.source.stepFor(least);
    if (this.source.count(reader) === 0) return Math.ceil(step / this.unitBytes);
    return Math.ceil((this.source.nextStart() + step - this.origin(reader)) / this.unitBytes);
  }

  address(reader: MemoryReader, unit: number): number {
    return this.origin(reader) + unit * this.unitBytes;
  }

  /** The unit that `address` lies in; -1: it lies in none. */
  unitOf(reader: MemoryReader, address: number): number {
    const segment = this.source.segmentOf(reader, address);
    if (segment < 0) return -1;
    const unit = Math.floor((address - this.origin(reader)) / this.unitBytes);
    return unit >= this.firstUnit(reader, segment) && unit < this.endUnit(reader, segment) ? unit : -1;
  }

  firstUnit(reader: MemoryReader, segment: number): number {
    const start = this.source.start(reader, segment);
    return Math.max(0, Math.ceil((start - this.origin(reader)) / this.unitBytes));
  }

  /** Past the last whole unit. */
  endUnit(reader: MemoryReader, segment: number): number {
    return this.unitsBefore(reader, segment, this.source.end(reader, segment));
  }

  /** Past the last unit of the segment that ends at or before `address`. */
  unitsBefore(reader: MemoryReader, segment: number, address: number): number {
    const unit = Math.floor((address - this.origin(reader)) / this.unitBytes);
    return Math.max(this.firstUnit(reader, segment), unit);
  }

  private origin(reader: MemoryReader): number {
    const start = this.source.start(reader, 0);
    return this.onBreak ? alignUp(start, BREAK_ALIGNMENT) : start;
  }
}
