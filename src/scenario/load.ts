/**
 * From the text of a scenario file to a `Scenario`, or to every mistake in it.
 *
 *     text ── yaml ──> document with positions ── zod, step by step ──> parsed ── static checks ──> Scenario
 *
 * Each stage collects; only a broken YAML syntax ends the work early, since nothing behind it could be trusted.
 */
import type { z } from 'zod';
import { InputError, InputErrors, type SourceRange } from '../mmu/input-error.ts';
import { nearest, suggest } from '../mmu/nearest.ts';
import { checkMachine } from './load/check-machine.ts';
import { type IssueContext, inputErrorsOf, PARSE_SETTINGS } from './load/issues.ts';
import type { Locator, Path } from './load/locate.ts';
import { salvaged } from './load/salvage.ts';
import { checkSteps } from './load/static-checks.ts';
import { withNumbersAsWritten } from './load/step-expressions.ts';
import { stepText } from './load/step-text.ts';
import { largestLoop, totalSteps } from './load/total-steps.ts';
import { YamlSource } from './load/yaml-source.ts';
import { type ActionNode, type LoopNode, type Scenario, type ScenarioNode, TOTAL_STEPS_MAX } from './scenario.ts';
import { finalExpectSchema } from './schema/expect.ts';
import { type FileSpec, fileSchema } from './schema/file-steps.ts';
import { type MachineSpec, machineSchema } from './schema/machine.ts';
import { describeInput } from './schema/scalars.ts';
import { actionStep, forHeadSchema, repeatHeadSchema, STEP_NAMES, stepSchemaOf } from './schema/steps.ts';
import { SCENARIO_VERSION, scenarioHeadSchema } from './schema.ts';

export interface ParsedScenario {
  /** Null when there are errors. */
  readonly scenario: Scenario | null;
  readonly errors: readonly InputError[];
}

/** Load, or throw `InputErrors` with every mistake in the file. */
export function loadScenario(text: string, file = 'scenario.yaml'): Scenario {
  const { scenario, errors } = parseScenario(text, file);
  if (scenario === null) throw new InputErrors(errors);
  return scenario;
}

/** Load without throwing: the scenario, or every mistake in the file in the order of their places. */
export function parseScenario(text: string, file = 'scenario.yaml'): ParsedScenario {
  const loader = new Loader(text, file);
  const scenario = loader.load();
  if (loader.errors.length === 0) return { scenario, errors: [] };
  const inOrder = loader.errors.toSorted(
    (a, b) => (a.range?.line ?? 0) - (b.range?.line ?? 0) || (a.range?.column ?? 0) - (b.range?.column ?? 0),
  );
  return { scenario: null, errors: inOrder };
}

class Loader {
  readonly errors: InputError[] = [];
  private readonly file: string;
  private readonly text: string;
  private readonly source: YamlSource;
  private readonly locator: Locator;
  /** Names that steps with mistakes in them would have made: their later use is not a second mistake. */
  private readonly forgiven = new Set<string>();
  /** Steps that are what could be saved of them. */
  private readonly broken = new Set<ScenarioNode>();

  constructor(text: string, file: string) {
    this.text = text;
    this.file = file;
    this.source = new YamlSource(text, file);
    this.locator = this.source.locator;
  }

  load(): Scenario | null {
    const { source, text } = this;
    if (!source.isYaml && !source.tooDeep && !/^version\s*:/m.test(text) && !/^steps\s*:/m.test(text)) {
      const hint = 'a scenario has `version: 1`, `name: …` and `steps:`; `mmulator init` writes an example';
      return this.fail('MEM-SCN-004', 'this is not a scenario, nor YAML', hint, this.locator.offsets(0, 1));
    }
    this.errors.push(...source.errors);
    if (!source.isReadable) return null;
    const raw = this.plainValue();
    if (raw === undefined) return null;
    if (raw === null) {
      const hint = 'start with `version: 1`, `name: …` and `steps:`; `mmulator init` writes an example';
      return this.fail('MEM-SCN-003', 'the file is empty', hint, this.locator.offsets(0, 1));
    }
    if (typeof raw !== 'object' || Array.isArray(raw)) {
      return this.fail(
        'MEM-SCN-004',
        `a scenario is a mapping, found ${describeInput(raw)}`,
        'start with `version: 1`',
        this.locator.value([]),
      );
    }
    return this.scenario(raw as Record<string, unknown>);
  }

  private scenario(raw: Record<string, unknown>): Scenario | null {
    const rawSteps = Array.isArray(raw.steps) ? raw.steps : [];
    if (!this.versionFits(raw.version)) return null;
    const head = this.parsed(scenarioHeadSchema, raw, [], 'the scenario');
    const steps = this.steps(rawSteps, ['steps']);
    // The head may be wrong while the steps are fine, and the other way round: report what each can say alone.
    const saved = head === null ? (salvaged(machineSchema, raw.machine ?? {}, ['sysctl']) ?? {}) : (head.machine ?? {});
    const lost = lostKeys(raw.machine, saved);
    const machine = lost.length === 0 ? saved : null;
    const total = totalSteps(steps);
    this.limitTotal(steps, total);
    this.errors.push(...checkMachine(saved, this.locator, this.file, lost));
    const implicitMain = machine?.kernel !== 'none' && !rawSpawns(rawSteps);
    const scenario: Scenario = {
      file: this.file,
      name: head?.name ?? '',
      description: head?.description ?? null,
      machine: machine ?? {},
      files: Object.entries(head?.files ?? mapping(raw.files)).map(([name, file]) => {
        const spec: FileSpec = head === null ? (salvaged(fileSchema, file) ?? {}) : file;
        return { name, spec, range: this.locator.value(['files', name]) };
      }),
      steps,
      totalSteps: total,
      implicitMain,
      expect: head?.expect ?? salvaged(finalExpectSchema, raw.expect, PER_PROCESS) ?? {},
      expectRanges: this.expectRanges(raw.expect),
      machineRange: this.locator.key(['machine']),
    };
    this.errors.push(
      ...checkSteps(scenario, this.locator, {
        forgiven: this.forgiven,
        machineKnown: machine !== null,
        broken: this.broken,
      }),
    );
    return scenario;
  }

  private steps(raw: readonly unknown[], path: Path): ScenarioNode[] {
    return raw.flatMap((step, index) => {
      const node = this.step(step, [...path, index]);
      if (node === null) this.forgive(step);
      return node ?? [];
    });
  }

  private forgive(step: unknown): void {
    if (typeof step !== 'object' || step === null) return;
    const { as, process, var: variable, steps } = step as Record<string, unknown>;
    for (const name of [as, process, variable]) if (typeof name === 'string') this.forgiven.add(name);
    if (Array.isArray(steps)) for (const inner of steps) this.forgive(inner);
  }

  private step(raw: unknown, path: Path): ScenarioNode | null {
    if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) {
      return this.fail(
        'MEM-SCN-009',
        `a step is a mapping, found ${describeInput(raw)}`,
        '`- { do: load, at: buf }`',
        this.locator.value(path),
      );
    }
    const kind = (raw as Record<string, unknown>).do;
    const range = this.locator.value(path);
    if (kind === undefined) {
      const wrong = nearest('do', Object.keys(raw));
      const hint = wrong === null ? 'a step begins with `do:`, such as `do: load`' : `\`${wrong}\` should be \`do\``;
      return this.fail('MEM-SCN-008', 'a step needs `do`', hint, firstLine(range, this.text));
    }
    if (typeof kind !== 'string' || !STEP_NAMES.includes(kind)) {
      const at = this.locator.value([...path, 'do']);
      if (typeof kind !== 'string')
        return this.fail(
          'MEM-SCN-009',
          `\`do\`: expected the name of a step, found ${describeInput(kind)}`,
          undefined,
          at,
        );
      this.fail('MEM-SCN-007', `unknown step \`${kind}\``, suggest(kind, STEP_NAMES, 'steps'), at);
      const meant = nearest(kind, STEP_NAMES);
      if (meant === null) return null;
      if (meant === 'repeat' || meant === 'for') return this.brokenLoop(raw as Record<string, unknown>, path);
      return this.brokenStep({ ...raw, do: meant }, meant, path);
    }
    if (kind === 'repeat' || kind === 'for') return this.loop(raw as Record<string, unknown>, kind, path);
    const schema = stepSchemaOf(kind);
    const parsed = schema === undefined ? null : this.parsed(schema, raw, path, `a ${kind} step`);
    if (parsed === null) return this.brokenStep(raw as Record<string, unknown>, kind, path);
    const read = actionStep(kind, parsed);
    const step = withNumbersAsWritten(read, (inner) => this.locator.writtenNumber([...path, ...inner]));
    const expectRanges = Object.fromEntries(
      Object.keys(step.expect ?? {}).map((key) => [key, this.locator.value([...path, 'expect', key])]),
    );
    return { kind: 'action', step, path, range, text: stepText(step), expectRanges };
  }

  /** The keys of a step that are right: whether they fit the rest of the file is checked all the same. */
  private brokenStep(raw: Record<string, unknown>, kind: string, path: Path): ActionNode | null {
    const schema = stepSchemaOf(kind);
    const step = schema === undefined ? null : salvaged(schema, raw, ['expect']);
    // Who is made by a step without its name is not known, nor then who is running.
    const maker = kind === 'fork' ? 'as' : 'process';
    if (step === null || ((kind === 'fork' || kind === 'spawn') && !Object.hasOwn(step, maker))) return null;
    for (const key of ['as', 'process']) {
      const name = raw[key];
      if (typeof name === 'string' && !Object.hasOwn(step, key)) this.forgiven.add(name);
    }
    const range = this.locator.value(path);
    const node: ActionNode = { kind: 'action', step: actionStep(kind, step), path, range, text: '', expectRanges: {} };
    this.broken.add(node);
    return node;
  }

  /** The body of a loop whose head has a mistake, gone through once. */
  private brokenLoop(raw: Record<string, unknown>, path: Path, body = this.body(raw, path)): LoopNode {
    const variable = typeof raw.var === 'string' ? raw.var : null;
    if (variable !== null) this.forgiven.add(variable);
    const range = firstLine(this.locator.value(path), this.text);
    const once = { times: 1, from: 0, step: 1, list: null };
    return { kind: 'loop', body, range, variable: null, ...once };
  }

  private body(raw: Record<string, unknown>, path: Path): ScenarioNode[] {
    return this.steps(Array.isArray(raw.steps) ? raw.steps : [], [...path, 'steps']);
  }

  private loop(raw: Record<string, unknown>, kind: 'repeat' | 'for', path: Path): LoopNode | null {
    const body = this.body(raw, path);
    const range = this.locator.value(path);
    const plain = { kind: 'loop', body, range: firstLine(range, this.text) } as const;
    if (kind === 'repeat') {
      const head = this.parsed(repeatHeadSchema, raw, path, 'a repeat step');
      if (head === null) return this.brokenLoop(raw, path, body);
      return { ...plain, variable: null, times: head.times, from: 0, step: 1, list: null };
    }
    const head = this.parsed(forHeadSchema, raw, path, 'a for step');
    if (head === null) return this.brokenLoop(raw, path, body);
    const { from = 0, to, below, step = 1, in: list } = head;
    const ways = [to, below, list].filter((way) => way !== undefined).length;
    if (ways !== 1 || (list !== undefined && head.from !== undefined)) {
      const found = ways === 0 ? 'needs an end' : 'says in two ways what it runs over';
      this.fail(
        ways === 0 ? 'MEM-SCN-008' : 'MEM-SCN-021',
        `a for step ${found}`,
        'give `to:`, or `below:`, or `in: [1, 2, 3]`',
        this.locator.value([...path, 'do']),
      );
      return this.brokenLoop(raw, path, body);
    }
    if (step === 0) {
      this.fail(
        'MEM-SCN-011',
        '`step`: a loop that steps by 0 never ends',
        'give a step of 1 or more, or -1 to count down',
        this.locator.value([...path, 'step']),
      );
      return this.brokenLoop(raw, path, body);
    }
    const end = to ?? (below ?? 0) - Math.sign(step);
    const times = list?.length ?? Math.max(0, Math.floor((end - from) / step) + 1);
    return { ...plain, variable: head.var, times, from, step, list: list ?? null };
  }

  private limitTotal(steps: readonly ScenarioNode[], total: number): void {
    if (total <= TOTAL_STEPS_MAX) return;
    const culprit = largestLoop(steps);
    this.fail(
      'MEM-SCN-023',
      `unrolled, the file has ${total.toLocaleString('en')} steps`,
      `at most ${TOTAL_STEPS_MAX.toLocaleString('en')}: lower \`times\` or the range of the loop`,
      culprit?.range ?? this.locator.key(['steps']),
    );
  }

  private versionFits(version: unknown): boolean {
    if (version === undefined || version === SCENARIO_VERSION) return true;
    const hint = `write \`version: ${SCENARIO_VERSION}\``;
    this.fail(
      'MEM-SCN-005',
      `version ${JSON.stringify(typeof version === 'bigint' ? String(version) : version)} is not one this mmulator reads`,
      hint,
      this.locator.value(['version']),
    );
    return false;
  }

  private parsed<Output>(schema: z.ZodType<Output>, raw: unknown, base: Path, where: string): Output | null {
    const result = schema.safeParse(raw, PARSE_SETTINGS);
    if (result.success) return result.data;
    const context: IssueContext = { file: this.file, locator: this.locator, base, where };
    this.errors.push(...inputErrorsOf(result.error.issues, context));
    return null;
  }

  private expectRanges(raw: unknown): Record<string, SourceRange> {
    const ranges: Record<string, SourceRange> = {};
    if (typeof raw !== 'object' || raw === null) return ranges;
    for (const [key, value] of Object.entries(raw)) {
      ranges[key] = this.locator.value(['expect', key]);
      if (typeof value !== 'object' || value === null || Array.isArray(value)) continue;
      for (const inner of Object.keys(value)) ranges[`${key}.${inner}`] = this.locator.value(['expect', key, inner]);
    }
    return ranges;
  }

  private plainValue(): unknown {
    try {
      return this.source.plainValue();
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      this.errors.push(error);
      return undefined;
    }
  }

  private fail(code: string, message: string, hint: string | undefined, range: SourceRange): null {
    this.errors.push(new InputError({ code, message, hint, range, file: this.file }));
    return null;
  }
}

/** Final expectations that speak of each process by its name. */
const PER_PROCESS = ['maps', 'resident', 'output'];

const mapping = (raw: unknown): object => (typeof raw === 'object' && raw !== null ? raw : {});

/** Keys of `machine:` that had mistakes in them; the whole of it when it is no mapping. */
function lostKeys(raw: unknown, saved: MachineSpec): string[] {
  if (raw === undefined) return [];
  if (typeof raw !== 'object' || raw === null) return ['machine'];
  return Object.keys(raw).filter((key) => !Object.hasOwn(saved, key));
}

/** A range cut to its first line: a whole loop need not be underlined to be pointed at. */
function firstLine(range: SourceRange, text: string): SourceRange {
  if (range.endLine === range.line) return range;
  const line = text.split('\n')[range.line - 1] ?? '';
  return { ...range, endLine: range.line, endColumn: Math.max(range.column + 1, line.trimEnd().length + 1) };
}

function rawSpawns(steps: readonly unknown[]): boolean {
  return steps.some((step) => {
    if (typeof step !== 'object' || step === null) return false;
    const { do: kind, steps: body } = step as { do?: unknown; steps?: unknown };
    return kind === 'spawn' || (Array.isArray(body) && rawSpawns(body));
  });
}
