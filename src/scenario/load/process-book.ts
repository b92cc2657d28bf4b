/**
 * Which processes there are at each step, as far as the file alone can tell.
 *
 *     unknown ──spawn, fork──> alive ──exit, kill SIGKILL──> dead ──wait──> gone
 *                                └── a signal expected, anything inside a loop ──> maybe
 *
 * Mistakes are reported from `alive` and `dead` only; `maybe` is left to the run.
 */
import { nearest } from '../../mmu/nearest.ts';
import { IMPLICIT_PROCESS } from '../scenario.ts';
import { type ActionStep, isWorldStep, nameOfStep } from '../schema/steps.ts';

type State = 'alive' | 'dead' | 'maybe';

/** Steps that need no process that runs: it is there for what is expected of it. */
const onlyLooks = (step: ActionStep): boolean => step.do === 'check' || (isWorldStep(step) && step.do !== 'group_move');

export interface ProcessProblem {
  readonly code: string;
  readonly message: string;
  readonly hint: string | undefined;
  /** Key of the step that it is about; null: the whole step. */
  readonly key: string | null;
}

export class ProcessBook {
  private readonly states = new Map<string, State>();
  /** Names with loop variables in them: any name of that form may exist. */
  private readonly templates: RegExp[] = [];
  private loops = 0;

  constructor(implicitMain: boolean, forgiven: ReadonlySet<string>) {
    for (const name of forgiven) this.states.set(name, 'maybe');
    if (implicitMain) this.states.set(IMPLICIT_PROCESS, 'alive');
  }

  enterLoop(): void {
    // From the second iteration on, what the body did to a process has already happened.
    if (this.loops++ === 0)
      for (const name of this.states.keys()) if (this.states.get(name) === 'dead') this.states.set(name, 'maybe');
  }

  leaveLoop(): void {
    this.loops--;
  }

  knows(name: string): boolean {
    return name.includes('{') || this.states.has(name) || this.templates.some((template) => template.test(name));
  }

  names(): string[] {
    return [...this.states.keys()];
  }

  /** Follow one step; the mistakes it makes about processes. */
  take(step: ActionStep): ProcessProblem[] {
    const problems: ProcessProblem[] = [];
    if (step.do === 'spawn') problems.push(...this.create(step.process, 'process'));
    else if (step.do !== 'comment' && step.do !== 'translate') problems.push(...this.use(step));
    if (step.do === 'fork') problems.push(...this.create(step.as, 'as'));
    if (step.do === 'wait' && step.child !== undefined) {
      if (!this.knows(step.child)) problems.push(this.unknown(step.child, 'child'));
      this.states.delete(step.child);
      // Still a name the final expectations may ask about.
      this.states.set(step.child, 'maybe');
    }
    this.outcome(step);
    return problems;
  }

  private create(name: string, key: string): ProcessProblem[] {
    if (name.includes('{')) {
      this.templates.push(new RegExp(`^${name.replaceAll(/\{[^}]*\}/g, '-?[0-9]+')}$`));
      return [];
    }
    const taken = this.states.get(name) === 'alive' && this.loops === 0;
    this.states.set(name, this.loops === 0 ? 'alive' : 'maybe');
    if (!taken) return [];
    return [
      { code: 'MEM-SCN-020', message: `there is already a process \`${name}\``, hint: 'give it another name', key },
    ];
  }

  private use(step: ActionStep): ProcessProblem[] {
    const name = step.process;
    if (name === undefined) return this.useOnly(step);
    if (!this.knows(name)) return [this.unknown(name, 'process')];
    if (this.states.get(name) !== 'dead' || onlyLooks(step)) return [];
    return [
      {
        code: 'MEM-SCN-019',
        message: `\`${name}\` has already exited`,
        hint: 'move the step before its exit, or name another process',
        key: 'process',
      },
    ];
  }

  private useOnly(step: ActionStep): ProcessProblem[] {
    const alive = this.withState('alive');
    // A check may be of the machine alone; what it expects of a process is found at the run.
    if (alive.length > 1 && !onlyLooks(step)) {
      return [
        {
          code: 'MEM-SCN-018',
          message: `which process? ${alive.join(' and ')} are running`,
          hint: `add \`process: ${alive[0]}\``,
          key: 'do',
        },
      ];
    }
    const none = alive.length === 0 && this.withState('maybe').length === 0 && this.templates.length === 0;
    if (none && !onlyLooks(step)) {
      const dead = this.withState('dead');
      const why = dead.length > 0 ? `${dead.join(' and ')} exited` : 'it is spawned further down';
      return [
        {
          code: 'MEM-SCN-018',
          message: `no process is running to \`${nameOfStep(step)}\`: ${why}`,
          hint: 'spawn a process first',
          key: 'do',
        },
      ];
    }
    return [];
  }

  /** The process that the step is of, as far as that is certain: the one it names, or the only one. */
  actorOf(step: ActionStep): string | undefined {
    const { process } = step;
    if (process !== undefined) return process;
    const [only, ...others] = this.withState('alive');
    const certain = others.length === 0 && this.withState('maybe').length === 0 && this.templates.length === 0;
    return certain ? only : undefined;
  }

  private outcome(step: ActionStep): void {
    const actor = step.process ?? (this.withState('alive').length === 1 ? this.withState('alive')[0] : undefined);
    if (actor === undefined || this.states.get(actor) === undefined) return;
    const refused = step.do === 'spawn' && step.expect?.exitCode !== undefined;
    const gone = refused || step.do === 'exit' || (step.do === 'kill' && (step.signal ?? 'SIGKILL') === 'SIGKILL');
    if (gone) this.states.set(actor, this.loops === 0 ? 'dead' : 'maybe');
    else if (step.do === 'kill' || (step.expect !== undefined && 'signal' in step.expect))
      this.states.set(actor, 'maybe');
  }

  private unknown(name: string, key: string): ProcessProblem {
    const close = nearest(name, this.states.keys());
    const known = this.names();
    const list = known.length === 0 ? 'there is none yet' : `known processes: ${known.join(', ')}`;
    return {
      code: 'MEM-SCN-017',
      message: `no process is called \`${name}\``,
      hint: close === null ? list : `did you mean \`${close}\`?`,
      key,
    };
  }

  private withState(state: State): string[] {
    return [...this.states].filter(([, found]) => found === state).map(([name]) => name);
  }
}
