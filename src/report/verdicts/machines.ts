/** Verdicts on a picture of a whole machine, or on a run: what is resident, what leaked, what broke, what held. */
import { leaksOf, notGivenBack } from '../../machine/leaks.ts';
import type { MachineView, ProcessView, PteView } from '../../machine/view.ts';
import type { ExpectationResult, ScenarioResult } from '../../scenario/result.ts';
import { cannotJudge, hex, isScenario, isView, type ProcessName, type Verdict } from './verdict.ts';

export function residentVerdict(received: unknown, process: ProcessName, address: number): Verdict {
  const view = viewOf(received, 'toHaveResident');
  const owner = processOf(view, process);
  const where = `${hex(address)} of ${owner === undefined ? nameOf(process) : `'${owner.name}'`}`;
  if (owner === undefined) {
    return { pass: false, why: () => `expected ${where} to be resident, but there is no such process` };
  }
  const page = pageAt(owner, address);
  const pass = page?.state === 'present' || page?.state === 'prot-none';
  return {
    pass,
    why: () => `expected ${where} ${pass ? 'not ' : ''}to be resident, but ${placeOf(owner, page, address)}`,
  };
}

/** Where the page is: a frame, a slot, nowhere yet, or not even promised. */
function placeOf(owner: ProcessView, page: PteView | undefined, address: number): string {
  if (page?.state === 'swapped') return `it is in swap slot ${page.target}`;
  if (page?.state === 'guard') return 'it is a guard page, which never has a frame';
  if (page !== undefined) return `it is in frame ${page.target} (${page.what}, ${page.letters})`;
  const area = owner.areas.find(({ start, end }) => address >= start && address < end);
  if (area !== undefined) return `no access has touched it since it was mapped (${area.name}, ${area.perms})`;
  if (owner.state === 'zombie') return 'the process is dead and its memory given back';
  return 'no area is there: an access would be SEGV_MAPERR';
}

function pageAt(owner: ProcessView, address: number): PteView | undefined {
  return Object.values(owner.pages).find((page) => address >= page.address && address < page.address + page.pageBytes);
}

function processOf(view: MachineView, process: ProcessName): ProcessView | undefined {
  if (typeof process === 'string') return Object.values(view.processes).find(({ name }) => name === process);
  return view.processes[typeof process === 'number' ? process : process.pid];
}

function nameOf(process: ProcessName): string {
  if (typeof process === 'string') return `'${process}'`;
  return `process ${typeof process === 'number' ? process : process.pid}`;
}

export function leakVerdict(received: unknown, since?: MachineView): Verdict {
  const view = viewOf(received, 'toHaveLeakedNothing');
  const lost = [...leaksOf(view), ...(since === undefined ? [] : notGivenBack(since, view))];
  const pass = lost.length === 0;
  return {
    pass,
    why: () =>
      pass ? 'expected a leak, but everything in use has an owner' : `memory leaked:\n  ${lost.join('\n  ')}`,
  };
}

/** `broken`: the rules broken, as `Machine.checkInvariants` or a scenario result lists them. */
export function invariantsVerdict(broken: readonly string[]): Verdict {
  const pass = broken.length === 0;
  return {
    pass,
    why: () =>
      pass
        ? 'expected a broken invariant, but all hold'
        : `invariants are broken, which is a bug of mmulator:\n  ${broken.join('\n  ')}`,
  };
}

export function holdVerdict(received: unknown): Verdict {
  if (!isScenario(received)) throw cannotJudge('toHold', 'a scenario result');
  const pass = received.status === 'held' && received.invariants.length === 0;
  return {
    pass,
    why: () => (pass ? `expected '${received.name}' to fail, but every expectation held` : failuresOf(received)),
  };
}

function failuresOf(result: ScenarioResult): string {
  const all = [...result.steps.flatMap(({ text, expectations }) => expectations.map((one) => ({ text, one })))];
  const final = result.final.map((one) => ({ text: 'at the end', one }));
  const failed = [...all, ...final].filter(({ one }) => !one.held);
  const lines = failed.flatMap(({ text, one }) => failureLines(result.file, text, one));
  const stopped =
    result.status === 'step-limit'
      ? [`stopped at the limit after ${result.stepsRun ?? result.steps.length} steps`]
      : [];
  const unseen = (result.expectations?.failed ?? failed.length) - failed.length;
  const more = unseen > 0 ? [`and ${unseen} more, in steps that were not kept`] : [];
  const broken = result.invariants.map((rule) => `a bug of mmulator, invariant broken: ${rule}`);
  return [`'${result.name}' did not hold:`, ...stopped, ...lines, ...more, ...broken].join('\n  ');
}

function failureLines(file: string, text: string, failed: ExpectationResult): string[] {
  const { line, column } = failed.range;
  return [
    `${file}:${line}:${column}  ${text}`,
    `  ${failed.what}: expected ${failed.expected}, was ${failed.actual}`,
    ...failed.explanation.map((sentence) => `  ${sentence}`),
  ];
}

function viewOf(received: unknown, matcher: string): MachineView {
  if (isView(received)) return received;
  if (isScenario(received)) {
    if (received.lastView !== null) return received.lastView;
    throw new TypeError(`${matcher} needs the scenario's last view: run it with views recorded`);
  }
  throw cannotJudge(matcher, 'a machine, a view or a scenario result');
}
