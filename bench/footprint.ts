/**
 * What a machine of 64 GiB costs the host when 10 MiB of it are touched: growth of the resident set, in bytes. Run as a
 * process of its own, so that nobody else's garbage is counted; prints `{ "machine": …, "touched": … }`.
 */
import { MIB, makeWorkbench, mapPages, PAGE, touchPages } from './workbench.ts';

const TOUCHED = 10 * MIB;

const before = process.memoryUsage.rss();
const bench = makeWorkbench({ memory: 64 * 1024 * MIB });
const booted = process.memoryUsage.rss();
const pages = TOUCHED / PAGE;
touchPages(bench.cpu, mapPages(bench, bench.process, pages), pages);
const touched = process.memoryUsage.rss();
process.stdout.write(`${JSON.stringify({ machine: booted - before, touched: touched - booted })}\n`);
