/**
 * What is wrong with a scenario although each of its parts is well formed: names nobody bound, processes that are not
 * there, values that do not fit, keys that exclude each other, steps the machine cannot do.
 *
 * The steps are followed once, in order, loops bodies included. Only what is certain is an error: a process that a
 * signal may or may not have killed, or that a loop spawns, is left to the run.
 */
import { InputError, type SourceRange } from '../../mmu/input-error.ts';
import { suggest } from '../../mmu/nearest.ts';
import type { Expression } from '../expression.ts';
import { ScalarProblem } from '../scalar-problem.ts';
import {
  type ActionNode,
  BUILT_IN_NAMES,
  IMPLICIT_PROCESS,
  isBuiltIn,
  type LoopNode,
  type Scenario,
  type ScenarioNode,
} from '../scenario.ts';
import { pageBytesOf } from '../schema/machine.ts';
import { type ActionStep, nameOfStep } from '../schema/steps.ts';
import { constantProblems } from './check-constants.ts';
import { fileProblems, roomProblem } from './check-files.ts';
import { HeapBook } from './heap-checks.ts';
import type { Locator, Path } from './locate.ts';
import { ProcessBook } from './process-book.ts';
import { expressionsOf, finalTextsOf, type PlacedExpression, type PlacedText, textsOf } from './step-expressions.ts';

export interface KnownMistakes {
  /** Names that steps with mistakes in them would have made. */
  readonly forgiven: ReadonlySet<string>;
  /** Steps of which only the keys without mistakes are there: what those say alone is checked. */
  readonly broken: ReadonlySet<ScenarioNode>;
  /** False when `machine:` has a mistake: then no step can be told that it does not fit the machine. */
  readonly machineKnown: boolean;
}

export function checkSteps(scenario: Scenario, locator: Locator, known: KnownMistakes): InputError[] {
  const check = new StaticCheck(scenario, locator, known);
  check.all();
  return check.errors;
}

class StaticCheck {
  readonly errors: InputError[] = [];
  private readonly scenario: Scenario;
  private readonly locator: Locator;
  private readonly symbols = new Set<string>();
  private readonly variables: string[] = [];
  private readonly book: ProcessBook;
  private readonly heaps: HeapBook;
  private readonly machineKnown: boolean;
  private readonly broken: ReadonlySet<ScenarioNode>;

  constructor(scenario: Scenario, locator: Locator, { forgiven, machineKnown, broken }: KnownMistakes) {
    this.broken = broken;
    this.scenario = scenario;
    this.locator = locator;
    this.machineKnown = machineKnown;
    this.book = new ProcessBook(scenario.implicitMain, forgiven);
    this.heaps = new HeapBook(scenario.implicitMain ? IMPLICIT_PROCESS : null, pageBytesOf(scenario.machine));
    for (const name of forgiven) this.symbols.add(name);
  }

  all(): void {
    this.files();
    this.steps(this.scenario.steps);
    const finalExpressions = finalTextsOf(this.scenario.expect);
    this.texts(finalExpressions, []);
    const { maps, resident, output, processes } = this.scenario.expect;
    for (const [key, named] of Object.entries({ maps, resident, output })) {
      if (typeof named !== 'object') continue;
      for (const name of Object.keys(named)) this.knownProcess(name, this.locator.key(['expect', key, name]));
    }
    const listed = Array.isArray(processes) ? { list: processes } : (processes ?? {});
    for (const [key, names] of Object.entries(listed)) {
      const base = Array.isArray(processes) ? ['expect', 'processes'] : ['expect', 'processes', key];
      for (const [index, name] of (names ?? []).entries())
        this.knownProcess(name, this.locator.value([...base, index]));
    }
  }

  private files(): void {
    const { files, machine } = this.scenario;
    for (const { name, spec } of files) {
      const place = (path: Path) => this.locator.value(['files', name, ...path]);
      for (const { code, message, hint, path } of fileProblems(spec)) this.fail(code, message, hint, place(path));
    }
    const crowded = this.machineKnown ? roomProblem(files, machine) : null;
    if (crowded !== null) {
      const { code, message, hint, path } = crowded;
      this.fail(code, message, hint, this.locator.value(['files', ...path]));
    }
    if (files.length === 0 || machine.kernel !== 'none') return;
    const hint = 'leave `files` out, or `kernel: none`';
    this.fail('MEM-SCN-026', 'a bare machine has no kernel to keep files', hint, this.locator.key(['files']));
  }

  private steps(nodes: readonly ScenarioNode[]): void {
    for (const node of nodes) {
      if (node.kind === 'loop') this.loop(node);
      else this.action(node);
    }
  }

  private loop(node: LoopNode): void {
    const name = node.variable;
    if (name !== null) {
      if (isBuiltIn(name)) this.reserved(name, node.range);
      else if (this.variables.includes(name)) {
        this.fail(
          'MEM-SCN-020',
          `\`${name}\` is already the variable of a loop around this one`,
          'give it another name',
          node.range,
        );
      }
      this.variables.push(name);
    }
    this.book.enterLoop();
    this.steps(node.body);
    this.book.leaveLoop();
    if (name !== null) this.variables.pop();
  }

  private action(node: ActionNode): void {
    const { step } = node;
    const at = (path: Path): SourceRange => this.locator.value([...node.path, ...path]);
    if (this.wrongMachine(step, at)) return;
    const expressions = expressionsOf(step);
    this.expressions(expressions, node.path, (path) => path[0] !== 'expect');
    if (!this.broken.has(node)) this.exclusiveKeys(step, at);
    this.fits(step, at);
    this.processes(step, at, node.range, this.broken.has(node));
    this.binding(step, at);
    // What a step expects may speak of the address that the step itself binds.
    this.expressions(expressions, node.path, (path) => path[0] === 'expect');
    this.texts(textsOf(step), node.path);
  }

  private expressions(all: readonly PlacedExpression[], base: Path, chosen: (path: Path) => boolean): void {
    for (const { path, expression } of all) {
      if (!chosen(path)) continue;
      this.names(expression, (offset, length) => this.locator.within([...base, ...path], offset, length), path);
    }
  }

  private binding(step: ActionStep, at: (path: Path) => SourceRange): void {
    if ('as' in step && step.as !== undefined && step.do !== 'fork') {
      if (isBuiltIn(step.as)) this.reserved(step.as, at(['as']));
      else if (this.variables.includes(step.as)) {
        this.fail(
          'MEM-SCN-020',
          `\`${step.as}\` is the variable of the loop`,
          'give the address another name',
          at(['as']),
        );
      }
      this.symbols.add(step.as);
    }
  }

  private texts(texts: readonly PlacedText[], base: Path): void {
    for (const { path, isKey, parse } of texts) {
      const full = [...base, ...path];
      const range = isKey ? this.locator.key(full) : this.locator.value(full);
      try {
        const told = this.errors.length;
        for (const expression of parse()) {
          // Both ends of a range mostly have the same name: one mistake, not two.
          if (this.errors.length === told) this.names(expression, () => range, path);
        }
      } catch (problem) {
        if (!(problem instanceof ScalarProblem)) throw problem;
        this.fail(problem.details.code, problem.message, problem.details.hint, range);
      }
    }
  }

  private names(expression: Expression, place: (offset: number, length: number) => SourceRange, path: Path): void {
    for (const { name, offset } of expression.names) {
      if (isBuiltIn(name) || this.symbols.has(name) || this.variables.includes(name)) continue;
      if (name === 'none' && path[1] === 'evicted') continue;
      const known = [...this.variables, ...this.symbols, ...BUILT_IN_NAMES];
      this.fail(
        'MEM-SCN-016',
        `no address is called \`${name}\` here`,
        suggest(name, known, 'names'),
        place(offset, name.length),
      );
    }
  }

  private processes(step: ActionStep, at: (path: Path) => SourceRange, whole: SourceRange, isBroken: boolean): void {
    for (const name of [step.process, step.do === 'fork' ? step.as : undefined]) this.templateNames(name, whole);
    const heaps = this.heaps.take(step, this.book.actorOf(step), isBroken);
    const wrong = [...this.book.take(step), ...heaps];
    for (const { code, message, hint, key } of wrong) this.fail(code, message, hint, key === null ? whole : at([key]));
    const evicted = 'evicted' in (step.expect ?? {}) ? step.expect?.evicted : undefined;
    for (const page of Array.isArray(evicted) ? evicted : [evicted]) {
      if (page !== undefined && 'at' in page && page.process !== undefined)
        this.knownProcess(page.process, at(['expect', 'evicted']));
    }
  }

  /** `child{i}` needs a loop variable `i`. */
  private templateNames(name: string | undefined, range: SourceRange): void {
    for (const [, variable] of (name ?? '').matchAll(/\{([^}]*)\}/g)) {
      if (variable === undefined || this.variables.includes(variable)) continue;
      this.fail(
        'MEM-SCN-016',
        `no loop variable is called \`${variable}\` here`,
        suggest(variable, this.variables, 'loop variables'),
        range,
      );
    }
  }

  private knownProcess(name: string, range: SourceRange): void {
    if (this.book.knows(name)) return;
    this.fail('MEM-SCN-017', `no process is called \`${name}\``, suggest(name, this.book.names(), 'processes'), range);
  }

  private wrongMachine(step: ActionStep, at: (path: Path) => SourceRange): boolean {
    const bare = this.scenario.machine.kernel === 'none';
    if (step.do === 'comment' || !this.machineKnown) return false;
    if (bare && step.do !== 'translate' && step.do !== 'check') {
      this.fail(
        'MEM-SCN-026',
        `a bare machine has no kernel to \`${nameOfStep(step)}\``,
        'with `kernel: none` use `translate`, `check` and `comment`',
        at(['do']),
      );
      return true;
    }
    if (!bare && step.do === 'translate') {
      this.fail(
        'MEM-SCN-026',
        '`translate` is for bare hardware',
        'add `kernel: none` to `machine`, or use `peek`',
        at(['do']),
      );
      return true;
    }
    return false;
  }

  private exclusiveKeys(step: ActionStep, at: (path: Path) => SourceRange): void {
    const groups: Partial<Record<ActionStep['do'], readonly string[]>> = {
      store: ['value', 'bytes', 'text'],
      rmw: ['add', 'and', 'or', 'xor', 'set'],
    };
    const given = (keys: readonly string[]) =>
      keys.filter((key) => (step as unknown as Record<string, unknown>)[key] !== undefined);
    const group = groups[step.do];
    if (group !== undefined) {
      const found = given(group);
      const list = group.map((key) => `\`${key}\``).join(', ');
      if (found.length === 0) this.fail('MEM-SCN-008', `a ${step.do} step needs one of ${list}`, undefined, at(['do']));
      if (found.length > 1)
        this.fail(
          'MEM-SCN-021',
          `\`${found[0]}\` and \`${found[1]}\` exclude each other`,
          `give one of ${list}`,
          at([found[1]!]),
        );
    }
    const pairs =
      step.do === 'load'
        ? ['size', 'length']
        : step.do === 'store'
          ? ['size', given(['bytes', 'text'])[0] ?? '']
          : step.do === 'wait'
            ? ['child', 'pid']
            : [];
    const both = given(pairs);
    if (both.length === 2)
      this.fail(
        'MEM-SCN-021',
        `\`${both[0]}\` and \`${both[1]}\` exclude each other`,
        'keep one of the two',
        at([both[1]!]),
      );
    if (step.do !== 'check') return;
    const looks = (['value', 'bytes', 'text'] as const).find((key) => step.expect?.[key] !== undefined);
    if (looks !== undefined && step.at === undefined)
      this.fail('MEM-SCN-008', `to check a ${looks} a check step needs \`at\``, undefined, at(['do']));
  }

  private fits(step: ActionStep, at: (path: Path) => SourceRange): void {
    for (const { code, message, hint, path } of constantProblems(step, pageBytesOf(this.scenario.machine)))
      this.fail(code, message, hint, at(path));
    if (step.do === 'create')
      for (const { code, message, hint, path } of fileProblems(step)) this.fail(code, message, hint, at(path));
    const cpus = this.scenario.machine.cpus ?? 1;
    if ('cpu' in step && step.cpu !== undefined && step.cpu >= cpus) {
      this.fail(
        'MEM-SCN-011',
        `there is no CPU ${step.cpu}`,
        `the machine has ${cpus === 1 ? 'one CPU, number 0' : `CPUs 0 to ${cpus - 1}`}; \`machine: { cpus: ${step.cpu + 1} }\` gives more`,
        at(['cpu']),
      );
    }
  }

  private reserved(name: string, range: SourceRange): void {
    this.fail(
      'MEM-SCN-029',
      `\`${name}\` is a name of mmulator's own`,
      `always there: ${BUILT_IN_NAMES.join(', ')}`,
      range,
    );
  }

  private fail(code: string, message: string, hint: string | undefined, range: SourceRange): void {
    this.errors.push(new InputError({ code, message, hint, range, file: this.scenario.file }));
  }
}
