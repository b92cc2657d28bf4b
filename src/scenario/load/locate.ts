/** Where things stand in a YAML file: from a path (`steps, 3, expect, fault`) to lines and columns. */
import { type Document, isAlias, isMap, isScalar, isSeq, type LineCounter, type Node, type Pair, Scalar } from 'yaml';
import type { SourceRange } from '../../mmu/input-error.ts';

export type Path = readonly PropertyKey[];

export class Locator {
  private readonly document: Document;
  private readonly lines: LineCounter;
  private readonly text: string;

  constructor(document: Document, lines: LineCounter, text: string) {
    this.document = document;
    this.lines = lines;
    this.text = text;
  }

  /** The value at `path`, or the closest part around it that exists. */
  value(path: Path): SourceRange {
    const node = this.nodeAt(path);
    return this.ofNode(node);
  }

  /** The key that `path` ends with (for a misspelt key), or the value when there is no key. */
  key(path: Path): SourceRange {
    const parent = this.nodeAt(path.slice(0, -1));
    const last = path.at(-1);
    const pair = isMap(parent) ? parent.items.find((item) => keyText(item) === String(last)) : undefined;
    const key = pair?.key;
    return isScalar(key) ? this.ofNode(key) : this.value(path);
  }

  /** A part of the scalar at `path`: `offset` and `length` count characters of its value. */
  within(path: Path, offset: number, length: number): SourceRange {
    const node = this.nodeAt(path);
    if (!isScalar(node) || !node.range) return this.ofNode(node);
    const [start, end] = node.range;
    const plain = node.type === Scalar.PLAIN;
    const quoted = node.type === Scalar.QUOTE_DOUBLE || node.type === Scalar.QUOTE_SINGLE;
    // Escapes and folded lines move characters: only a scalar written as it is read can be pointed into.
    const inner = quoted ? this.text.slice(start + 1, end - 1) : this.text.slice(start, end);
    if (!(plain || quoted) || inner !== String(node.source ?? node.value)) return this.ofNode(node);
    const from = start + (quoted ? 1 : 0) + offset;
    return this.offsets(from, from + Math.max(1, length));
  }

  /** The unquoted number at `path` as the file has it (`0xffff_0000`), or null when something else is there. */
  writtenNumber(path: Path): string | null {
    const node = this.nodeAt(path);
    const isNumber = isScalar(node) && (typeof node.value === 'bigint' || typeof node.value === 'number');
    return isNumber ? (node.source ?? null) : null;
  }

  /** From character offsets in the file. */
  offsets(start: number, end: number): SourceRange {
    const from = this.lines.linePos(start);
    const to = this.lines.linePos(Math.max(end, start + 1));
    return { line: from.line, column: from.col, endLine: to.line, endColumn: to.col };
  }

  private ofNode(node: Node | null): SourceRange {
    const range = node?.range;
    if (!range) return this.offsets(0, 1);
    const start = range[0];
    // A block mapping's range runs to the start of what follows it: leave out the blank tail.
    const end = start + this.text.slice(start, Math.max(range[1], start)).trimEnd().length;
    return this.offsets(start, end);
  }

  private nodeAt(path: Path): Node | null {
    let node: Node | null = this.resolved(this.document.contents as Node | null);
    for (const part of path) {
      let next: unknown;
      if (isMap(node)) next = node.items.find((item) => keyText(item) === String(part))?.value;
      else if (isSeq(node)) next = node.items[Number(part)];
      const child = this.resolved((next ?? null) as Node | null);
      if (child === null) return node;
      node = child;
    }
    return node;
  }

  private resolved(node: Node | null): Node | null {
    return isAlias(node) ? (node.resolve(this.document) ?? node) : node;
  }
}

const keyText = (pair: Pair): string => (isScalar(pair.key) ? String(pair.key.value) : String(pair.key));
