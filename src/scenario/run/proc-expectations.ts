/** Expectations in the words of /proc: fields of smaps and status, lines of vmstat, figures of memory groups. */
import type { Process } from '../../kernel/process.ts';
import { parseExpression } from '../expression.ts';
import type { Amount } from '../schema/amount.ts';
import type { StepExpect } from '../schema/expect.ts';
import { amountHolds, amountText } from './amounts.ts';
import type { Verdict } from './areas.ts';
import { partsVerdict } from './heap-expectations.ts';
import type { StepContext } from './state.ts';

const KIB = 1024;

export function smapsVerdicts(expected: NonNullable<StepExpect['smaps']>, context: StepContext): Verdict[] {
  const process = processOf(context);
  if (process === null) return [noProcess()];
  const areas = areasOf(context.machine.proc.smaps(process));
  return Object.entries(expected).flatMap(([text, fields]) => {
    const at = Number(context.address(parseExpression(text)));
    const area = areas.find((candidate) => candidate.start <= at && at < candidate.end);
    return Object.entries(fields).map(([field, amount]) => {
      if (area === undefined) {
        const actual = 'nothing is mapped there';
        return { what: `.${text}.${field}`, expected: amountText(amount), actual, held: false };
      }
      return bytesVerdict(`.${text}.${field}`, amount, area.fields.get(field));
    });
  });
}

export function statusVerdicts(expected: NonNullable<StepExpect['status']>, context: StepContext): Verdict[] {
  const process = processOf(context);
  if (process === null) return [noProcess()];
  const fields = new Map(context.machine.proc.status(process).split('\n').flatMap(fieldOf));
  return Object.entries(expected).map(([field, amount]) => bytesVerdict(`.${field}`, amount, fields.get(field)));
}

export function vmstatVerdicts(expected: NonNullable<StepExpect['vmstat']>, context: StepContext): Verdict[] {
  const lines = context.machine.proc.read('/proc/vmstat').split('\n');
  const counts = new Map(
    lines.map((line): [string, number] => {
      const [name = '', count] = line.split(' ');
      return [name, Number(count)];
    }),
  );
  return Object.entries(expected).map(([name, amount]) => verdict(`.${name}`, amount, counts.get(name)));
}

/** `expected`: parts of what the kernel's log got from that entry on, in order. */
export function dmesgVerdict(
  expected: NonNullable<StepExpect['dmesg']>,
  { machine }: StepContext,
  from: number,
): Verdict {
  const text = machine.kernel.log.since(from).join('\n');
  const lines = text === '' ? [] : text.split('\n');
  // A report has fifty lines and more: `mmulator proc FILE dmesg` shows them, and explain does.
  const more = lines.length > 1 ? ` and ${lines.length - 1} more lines` : '';
  const actual = lines.length === 0 ? 'nothing in the log' : `${JSON.stringify(lines[0])}${more}`;
  if (expected.length === 0) return { what: '', expected: 'nothing in the log', actual, held: text === '' };
  return { ...partsVerdict(typeof expected === 'string' ? [expected] : expected, text), actual };
}

export function groupVerdicts(expected: NonNullable<StepExpect['group']>, { machine }: StepContext): Verdict[] {
  return Object.entries(expected).flatMap(([name, figures]) => {
    const group = machine.groups.find(name);
    const actual: Readonly<Record<string, number | undefined>> = {
      usage: group === undefined ? undefined : group.usage * machine.format.pageBytes,
      failcnt: group?.failcnt,
      oomKills: group?.oomKills,
    };
    return Object.entries(figures).flatMap(([figure, amount]) =>
      amount === undefined ? [] : [verdict(`.${name}.${figure}`, amount, actual[figure])],
    );
  });
}

interface SmapsArea {
  readonly start: number;
  readonly end: number;
  /** Kilobytes, by Linux's names. */
  readonly fields: ReadonlyMap<string, number>;
}

const HEAD = /^([0-9a-f]+)-([0-9a-f]+) /;

function areasOf(smaps: string): SmapsArea[] {
  const areas: { start: number; end: number; fields: Map<string, number> }[] = [];
  for (const line of smaps.split('\n')) {
    const head = HEAD.exec(line);
    if (head !== null) {
      areas.push({ start: Number.parseInt(head[1]!, 16), end: Number.parseInt(head[2]!, 16), fields: new Map() });
      continue;
    }
    for (const [name, value] of fieldOf(line)) areas.at(-1)?.fields.set(name, value);
  }
  return areas;
}

/** `Rss:        8 kB` */
function fieldOf(line: string): [string, number][] {
  const match = /^(\w+):\s+(\d+) kB$/.exec(line);
  return match === null ? [] : [[match[1]!, Number(match[2])]];
}

const processOf = ({ process }: StepContext): Process | null => (process?.state === 'running' ? process : null);

const noProcess = (): Verdict => {
  return { what: '', expected: 'a process', actual: 'the step names none that runs', held: false };
};

const bytesVerdict = (what: string, amount: Amount, kilobytes: number | undefined): Verdict =>
  verdict(what, amount, kilobytes === undefined ? undefined : kilobytes * KIB);

function verdict(what: string, amount: Amount, actual: number | undefined): Verdict {
  const expected = amountText(amount);
  if (actual === undefined) return { what, expected, actual: 'the kernel has no such figure', held: false };
  return { what, expected, actual: String(actual), held: amountHolds(amount, actual) };
}
