/** A trace of a sweep file: a file, or references made up. */
import type { z } from 'zod';
import { InputError } from '../mmu/input-error.ts';
import { describeInput } from '../scenario/schema/scalars.ts';
import { type GeneratorOptions, TraceGenerator } from '../trace/generate.ts';
import type { FileTrace, TraceSource } from './plan.ts';
import { type GeneratedTraceSpec, TRACE_SCHEMAS, type TraceFileSpec } from './sweep-schema.ts';

/** Answers null, having noted what is wrong. */
type Parse = <Output>(schema: z.ZodType<Output>, raw: unknown, where: string) => Output | null;

/** @returns null: `parse` has said what is wrong; an error: of the trace as a whole */
export function readTraceSource(raw: unknown, parse: Parse): TraceSource | InputError | null {
  if (typeof raw === 'string' && raw !== '') return fileTrace({ file: raw });
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) {
    return new InputError({
      code: 'MEM-SWP-009',
      message: `a trace is a file or a mapping, found ${describeInput(raw)}`,
      hint: '`ls.lackey.gz`, `{ file: big.csv, process: 2 }` or `{ like: zipf, count: 1e6, pages: 1e4 }`',
    });
  }
  if ('like' in raw && 'file' in raw) {
    return new InputError({
      code: 'MEM-SWP-030',
      message: 'a trace is recorded or made up',
      hint: '`file` or `like`: leave one of the two out',
    });
  }
  if ('like' in raw) {
    const spec = parse(TRACE_SCHEMAS.generated, raw, 'a made-up trace');
    return spec === null ? null : generatedTrace(spec);
  }
  const spec = parse(TRACE_SCHEMAS.file, raw, 'a trace');
  return spec === null ? null : fileTrace(spec);
}

function fileTrace({ file, name, format, columns, unit, process, kinds }: TraceFileSpec): FileTrace {
  return {
    kind: 'file',
    file: file.replaceAll('\\', '/'),
    name: name ?? null,
    format: format ?? null,
    columns: columns ?? null,
    unit: unit ?? null,
    process: process ?? null,
    kinds: kinds ?? null,
  };
}

function generatedTrace({ like, name, seed, ...rest }: GeneratedTraceSpec): TraceSource | InputError {
  const given = Object.entries(rest).filter(([, value]) => value !== undefined);
  const options = { ...(Object.fromEntries(given) as Omit<GeneratorOptions, 'seed'>), seed: seed ?? 0 };
  // Numbers that do not fit together are few pages or shares of them; the tables of zipf are better not made twice.
  const isLarge = options.pages > 4096 && (like === 'zipf' || like === 'mix');
  if (!isLarge) {
    try {
      new TraceGenerator(like, options);
    } catch (error) {
      if (error instanceof InputError) return error;
      throw error;
    }
  }
  return { kind: 'generated', name: name ?? null, like, options };
}
