/**
 * tracemalloc's static variables [Modules/_tracemalloc.c], by offset in the state it is given. A zeroed state is the one
 * before the module is first used.
 *
 *     +0   tables exist       +8   tracing            +16  limit of frames; 0 stands for 1
 *     +24  inside a traced call (one word for the thread that runs: calls are never interleaved)
 *     +32  traced bytes       +40  their peak         +48  buffer for the traceback being made
 *     +56  table of filenames +64  of tracebacks      +72  of the traces of domain 0     +80  of the other domains' tables
 *     +88  record of raw saved by start()             +128 of mem                        +168 of obj
 *     +208 the traceback of nowhere, 24 bytes         +232 its filename, `<unknown>`
 */
import { RECORD_BYTES } from '../allocator-record.ts';

export const READY = 0;
export const TRACING = 8;
export const LIMIT = 16;
export const REENTRANT = 24;
export const TRACED = 32;
export const PEAK = 40;
export const BUFFER = 48;
export const FILENAMES = 56;
export const TRACEBACKS = 64;
export const TRACES = 72;
export const DOMAINS = 80;
export const SAVED = 88;
export const NOWHERE = SAVED + 3 * RECORD_BYTES;
export const UNKNOWN_FILE = NOWHERE + 24;
export const TRACE_STATE_BYTES = UNKNOWN_FILE + 24;
