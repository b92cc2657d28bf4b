/** A task measured: from the bytes of its trace, the text of its scenario, or nothing but a seed, to the rows of its cells. */
import type { TraceFormat } from '../trace/formats/format.ts';
import { TraceGenerator } from '../trace/generate.ts';
import { inFile } from '../trace/in-file.ts';
import { TraceReader } from '../trace/reader.ts';
import { ReferenceBatch, type TraceUnit } from '../trace/reference.ts';
import { cellErrorOf, errorRow } from './cell-error.ts';
import type { FileTrace, GeneratedTrace } from './plan.ts';
import type { Row } from './row.ts';
import type { Task } from './task.ts';
import { TracePass } from './trace-pass.ts';

/** Where contents come from. `file` is that of an InputFile: relative to the sweep file. */
export interface TaskSource {
  /** The bytes of a trace, unpacked. */
  chunks(file: string): AsyncIterable<Uint8Array>;
  /** The text of a scenario. */
  text(file: string): Promise<string>;
  /** Waited for now and then, before the next piece of work; what it throws ends the task. */
  beat?(): Promise<void>;
}

/** References made at a time. */
const SLICE = 1 << 18;

/**
 * @returns the rows of all cells, in the order of the task's. What cannot be (also what the source finds wrong: an
 *   InputError) is a row with its error; what else the source throws, and what is a bug of ours, is thrown
 */
export async function measureTask(task: Task, source: TaskSource): Promise<Row[]> {
  const { input, cells } = task;
  try {
    switch (input.kind) {
      case 'scenario': {
        const text = await source.text(input.file);
        // A thread that only replays traces starts in a third of the time without what scenarios need.
        const { measureScenario } = await import('./measure-scenario.ts');
        return cells.map((cell) => measureScenario(cell, text, input.file));
      }
      case 'generated':
        return await ended(madeUp(task, input.source), source);
      case 'trace':
        return await recorded(task, input.source, input.file, source);
    }
  } catch (thrown) {
    const error = cellErrorOf(thrown);
    return cells.map((cell) => errorRow(cell, error));
  }
}

async function recorded(task: Task, trace: FileTrace, file: string, source: TaskSource): Promise<Row[]> {
  const passes: TracePass[] = [];
  const open = (format: TraceFormat, unit: TraceUnit): TracePass => {
    const tellsKinds = format.carries.kinds !== 'none';
    const pass = new TracePass(task.cells, { unit, tellsKinds, kinds: trace.kinds });
    passes.push(pass);
    return pass;
  };
  const { format, columns, unit, process } = trace;
  const reader = new TraceReader(open, {
    format: format ?? undefined,
    columns: columns ?? undefined,
    unit: unit ?? undefined,
    process: process ?? undefined,
  });
  try {
    for await (const chunk of source.chunks(file)) {
      reader.push(chunk);
      await source.beat?.();
    }
    reader.end();
  } catch (thrown) {
    throw inFile(thrown, file);
  }
  return finished(passes[0]!, source);
}

async function ended(making: Making, source: TaskSource): Promise<Row[]> {
  const { generator, batch, pass } = making;
  while (generator.left > 0) {
    generator.feed(batch, SLICE);
    await source.beat?.();
  }
  batch.flush();
  return finished(pass, source);
}

interface Making {
  readonly generator: TraceGenerator;
  readonly batch: ReferenceBatch;
  readonly pass: TracePass;
}

function madeUp({ cells }: Task, { like, options }: GeneratedTrace): Making {
  const pass = new TracePass(cells, { unit: 'page', tellsKinds: true, kinds: null });
  return { generator: new TraceGenerator(like, options), batch: new ReferenceBatch(pass), pass };
}

async function finished(pass: TracePass, source: TaskSource): Promise<Row[]> {
  const rest = pass.rows();
  for (;;) {
    const step = rest.next();
    if (step.done === true) return step.value;
    await source.beat?.();
  }
}
