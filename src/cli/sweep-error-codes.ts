/**
 * What can be wrong with a sweep: its file (001 to 030, where the numbers up to 012 say what the same ones of MEM-SCN say), its
 * cells (031 to 036), the parts that are merged (040 to 046), and from 050 on the commands.
 */
import type { ErrorCode } from './error-codes.ts';

export const SWEEP_ERROR_CODES: readonly ErrorCode[] = [
  {
    code: 'MEM-SWP-001',
    title: 'not YAML',
    text: 'The sweep file breaks the syntax of YAML. Indent with blanks, close what you open, and write `key: value` with a blank behind the colon.',
  },
  {
    code: 'MEM-SWP-002',
    title: 'a key twice',
    text: 'A mapping has each key once. Which of the two is meant cannot be told: remove one.',
  },
  {
    code: 'MEM-SWP-003',
    title: 'an empty file',
    text: 'A sweep has `sweep: 1`, something to measure (`traces:` or `scenarios:`) and the axes of its `grid:`.',
  },
  {
    code: 'MEM-SWP-004',
    title: 'not a sweep',
    text: 'A sweep file is a mapping that begins with `sweep: 1`. Scenarios, with `version: 1` and `steps:`, are run by `mmulator run`.',
  },
  {
    code: 'MEM-SWP-005',
    title: 'an unknown version',
    text: 'This mmulator reads sweep files of version 1: `sweep: 1`.',
  },
  {
    code: 'MEM-SWP-006',
    title: 'an unknown key',
    text: 'A misspelt key would be an axis that is silently not there, so unknown ones are refused. docs/sweep.md lists all of them, and so does the schema in an editor.',
  },
  {
    code: 'MEM-SWP-008',
    title: 'a key is missing',
    text: 'Something cannot do without it: a made-up trace needs `like`, `count` and `pages`.',
  },
  {
    code: 'MEM-SWP-009',
    title: 'another kind of value',
    text: 'There is a list where a number belongs, a text where a mapping does, or the like. An axis takes one value or a list of them.',
  },
  {
    code: 'MEM-SWP-010',
    title: 'not one of the choices',
    text: 'Policies, generators and formats have names: `mmulator list` has the policies, `mmulator trace generate --help` the generators.',
  },
  {
    code: 'MEM-SWP-011',
    title: 'too small or too large',
    text: 'The number is outside of what makes sense there, or a list that needs an entry has none.',
  },
  {
    code: 'MEM-SWP-012',
    title: 'too large a number',
    text: 'Whole numbers go up to 2^53 - 1.',
  },
  {
    code: 'MEM-SWP-020',
    title: 'not a size',
    text: 'Sizes are bytes, or take B, KiB, MiB, GiB or TiB: `4KiB`, `1MiB`.',
  },
  {
    code: 'MEM-SWP-021',
    title: 'no numbers of frames',
    text: 'As `trace simulate --frames`: `64`, `16..1024` (doubling), `64..4096:64` (in steps), also several in a list. A trace can have 1 to 16777216 frames.',
  },
  {
    code: 'MEM-SWP-022',
    title: 'no seeds',
    text: '`7`, `0..9` (one by one, other than frames), `0..90:10` (in steps), also several in a list.',
  },
  {
    code: 'MEM-SWP-023',
    title: 'no kind of reference',
    text: 'Kinds are fetch, load, store and modify; `data` is all but fetch.',
  },
  {
    code: 'MEM-SWP-024',
    title: 'no cost',
    text: 'Costs are those of `trace simulate --cost`: times with a unit (`100ns`, `8ms`), shares from 0 to 1, counts.',
  },
  {
    code: 'MEM-SWP-025',
    title: 'nothing to measure',
    text: 'A sweep measures `traces:`, `scenarios:` or both.',
  },
  {
    code: 'MEM-SWP-026',
    title: 'traces without frames',
    text: 'How well a policy does depends on how many frames it has: give `frames` to the grid. Only a grid with a `tlb` and neither policies nor frames does without: then the TLB alone is measured.',
  },
  {
    code: 'MEM-SWP-027',
    title: 'an axis without effect',
    text: 'The file has an axis that concerns nothing in it: `memory` is the memory of a scenario’s machine, and there are no scenarios.',
  },
  {
    code: 'MEM-SWP-028',
    title: 'two inputs of one name',
    text: 'The rows of the results are told apart by the names of their inputs. The same file may be there twice, read in different ways; exactly the same twice is a mistake, or needs a `name`.',
  },
  {
    code: 'MEM-SWP-029',
    title: 'an option that nobody obeys',
    text: 'The options of replacement policies concern each only some of the policies, and a few only the replay of traces; here none of those is measured. docs/replacement.md tells who obeys which.',
  },
  {
    code: 'MEM-SWP-030',
    title: 'recorded or made up?',
    text: 'A trace is read from a `file` or made up by a generator (`like`), not both.',
  },
  {
    code: 'MEM-SWP-031',
    title: 'too many cells',
    text: 'Every combination of the axes is a cell. A grid may have 250,000 of them; make several sweeps, or take larger steps.',
  },
  {
    code: 'MEM-SWP-032',
    title: 'no files',
    text: 'The patterns of the sweep file match nothing, so there is no cell. They are relative to the folder of the sweep file.',
  },
  {
    code: 'MEM-SWP-033',
    title: 'not a shard',
    text: 'A shard is told as `2/5`: the second of five, counted from 1. All of them together are the whole sweep.',
  },
  {
    code: 'MEM-SWP-034',
    title: 'pages that fit no TLB',
    text: 'The TLBs of the machine have page numbers of 52 bits. Tiny pages in a large address space have longer ones; the cell is a row with this error.',
  },
  {
    code: 'MEM-SWP-035',
    title: 'a page size the machine does not have',
    text: 'The size of a page is part of a page-table format: sv39, x86_64 and all others with a name have 4 KiB. `pageSize` is an axis for traces; a scenario with pages of another size is a row with this error.',
  },
  {
    code: 'MEM-SWP-036',
    title: 'nobody replaces pages',
    text: 'A scenario with `kernel: none` is bare hardware, without anybody who would obey a `policy`, its `options` or `frames`. Its cells are rows with this error; an axis `tlb` or `memory` is no problem.',
  },
  {
    code: 'MEM-SWP-040',
    title: 'no results of a sweep',
    text: 'The file is not what `mmulator sweep -o FILE.json` writes, or it is damaged or cut off.',
  },
  {
    code: 'MEM-SWP-041',
    title: 'results of another version',
    text: 'The results are of a version that this mmulator does not read: measure and merge with the same one.',
  },
  {
    code: 'MEM-SWP-042',
    title: 'nothing to merge',
    text: 'No parts were given.',
  },
  {
    code: 'MEM-SWP-043',
    title: 'a part of another sweep',
    text: 'Parts fit together when they come from the same sweep file, apart from blanks and comments. Changed in between? Measure the older ones again: what is finished already is not run twice.',
  },
  {
    code: 'MEM-SWP-044',
    title: 'other inputs',
    text: 'The sweep is the same, but a trace or a scenario had other contents there, or another set of files matched a pattern. Results are only comparable where the inputs are, byte for byte.',
  },
  {
    code: 'MEM-SWP-045',
    title: 'a damaged part',
    text: 'A row is not one of the cells that the plan has, its figures contradict each other (hits and faults are not the references), or the plan is not the one whose digest stands beside it: somebody changed the file, or another version of mmulator wrote it.',
  },
  {
    code: 'MEM-SWP-046',
    title: 'rows that contradict each other',
    text: 'Two parts have the same cell with different figures. The same cell gives the same figures on every computer, so one of them is wrong or of another version.',
  },
];
