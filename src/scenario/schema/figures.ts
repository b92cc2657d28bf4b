/**
 * The figures of /proc that an expectation can name: `smaps: { buf: { Rss: 8KiB } }`, `vmstat: { pswpout: 2 }`. A name that
 * /proc does not have is a mistake in the file, found before anything runs.
 */
import { z } from 'zod';
import { EVENTS, NODE_COUNTS, ZONE_COUNTS } from '../../machine/proc/vmstat-names.ts';
import { suggest } from '../../mmu/nearest.ts';
import { type Amount, amount, byteAmount } from './amount.ts';

const words = (text: string): readonly string[] => text.trim().split(/\s+/);

/** Lines of /proc/PID/smaps that say kB. */
export const SMAPS_NAMES = words(`
  Size KernelPageSize MMUPageSize Rss Pss Pss_Dirty Shared_Clean Shared_Dirty Private_Clean Private_Dirty Referenced
  Anonymous KSM LazyFree AnonHugePages ShmemPmdMapped FilePmdMapped Shared_Hugetlb Private_Hugetlb Swap SwapPss Locked
`);

/** Lines of /proc/PID/status that say kB. */
export const STATUS_NAMES = words(`
  VmPeak VmSize VmLck VmPin VmHWM VmRSS RssAnon RssFile RssShmem VmData VmStk VmExe VmLib VmPTE VmSwap HugetlbPages
`);

export const VMSTAT_NAMES: readonly string[] = [...ZONE_COUNTS, ...NODE_COUNTS, ...EVENTS];

/** A mapping from such names to amounts. */
function figures(names: readonly string[], file: string, each: z.ZodType<Amount>) {
  return z
    .record(z.string(), each)
    .superRefine((found, context) => {
      for (const name of Object.keys(found)) {
        if (names.includes(name)) continue;
        const message = `${file} has no such line`;
        const problem = { code: 'MEM-SCN-006', message, hint: suggest(name, names, 'names'), atKey: true };
        context.addIssue({ code: 'custom', message, path: [name], params: { problem } });
      }
    })
    .meta({ propertyNames: { enum: names } });
}

export const smapsFigures = figures(SMAPS_NAMES, '/proc/PID/smaps', byteAmount('bytes')).meta({ id: 'smaps-figures' });
export const statusFigures = figures(STATUS_NAMES, '/proc/PID/status', byteAmount('bytes')).meta({
  id: 'status-figures',
});
export const vmstatFigures = figures(VMSTAT_NAMES, '/proc/vmstat', amount('a count')).meta({ id: 'vmstat-figures' });
