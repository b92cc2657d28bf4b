/**
 * tracemalloc.Traceback: a stack of frames as the Python program sees it, a value of its own [Lib/tracemalloc.py].
 *
 * Since 3.7 the oldest frame comes first and the most recent, where the block was allocated, last; before, the other way
 * round. Its text is its first frame's, `FILE:LINE`.
 */

/** A line of code. */
export interface TraceFrame {
  readonly file: string;
  /** 0: unknown, or none meant (statistics by file). */
  readonly line: number;
}

/** Text of a line of a file; undefined or blank: not known. linecache.getline's part. */
export type SourceLine = (file: string, line: number) => string | undefined;

export interface FormatOptions {
  /** Only so many of the last frames; negative: leave out so many of the last (as slices do). */
  readonly limit?: number | undefined;
  readonly mostRecentFirst?: boolean | undefined;
  /** Source lines to show below the frames. */
  readonly source?: SourceLine | undefined;
}

export class Traceback {
  readonly frames: readonly TraceFrame[];
  /** Frames that the code had, stored or not; null: not known (before 3.9, and in statistics). */
  readonly totalFrames: number | null;

  /** `frames` in the order of the Python version. */
  constructor(frames: readonly TraceFrame[], totalFrames: number | null = null) {
    this.frames = frames;
    this.totalFrames = totalFrames;
  }

  /** `FILE:LINE` of the first frame. */
  get text(): string {
    const first = this.frames[0];
    return first === undefined ? '' : `${first.file}:${first.line}`;
  }

  /** Two lines a frame as in a Python traceback, the second only where `source` knows the code. */
  format(options: FormatOptions = {}): string[] {
    const { limit, source } = options;
    let shown = this.frames;
    if (limit !== undefined) shown = limit > 0 ? shown.slice(-limit) : shown.slice(0, limit);
    if (options.mostRecentFirst === true) shown = shown.toReversed();
    const lines: string[] = [];
    for (const { file, line } of shown) {
      lines.push(`  File "${file}", line ${line}`);
      const code = source?.(file, line)?.trim() ?? '';
      if (code !== '') lines.push(`    ${code}`);
    }
    return lines;
  }
}

/** Python's order of tracebacks: frame by frame, a prefix first. */
export function compareTracebacks(left: Traceback, right: Traceback): number {
  const shared = Math.min(left.frames.length, right.frames.length);
  for (let index = 0; index < shared; index++) {
    const one = left.frames[index]!;
    const other = right.frames[index]!;
    const order = compareTexts(one.file, other.file) || one.line - other.line;
    if (order !== 0) return order;
  }
  return left.frames.length - right.frames.length;
}

/** Python's order of texts: by code points. JavaScript's `<` goes by UTF-16 units, where U+10000 comes before U+E000. */
function compareTexts(left: string, right: string): number {
  let index = 0;
  while (index < left.length && left.charCodeAt(index) === right.charCodeAt(index)) index++;
  // Where two units differ, the high halves before them are the same: the pair's low halves order as the code points do.
  return (left.codePointAt(index) ?? -1) - (right.codePointAt(index) ?? -1);
}
