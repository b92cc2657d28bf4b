/**
 * Where a run is among the steps of a scenario, loops unrolled as it goes.
 *
 *     frames:  [ steps of the file | next = 4 ][ body of `for i` | iteration 2, next = 1 ]   top of the stack last
 *
 * Small and cloneable: a checkpoint holds one.
 */
import { type ActionNode, type LoopNode, loopValue, type ScenarioNode } from '../scenario.ts';

interface Frame {
  readonly nodes: readonly ScenarioNode[];
  /** Index in `nodes` of what comes next. */
  next: number;
  /** Null for the file itself. */
  readonly loop: LoopNode | null;
  iteration: number;
}

export type LoopVariables = Readonly<Record<string, number>>;
const NO_VARIABLES: LoopVariables = {};

export class Cursor {
  private readonly stack: Frame[];
  private current: LoopVariables = NO_VARIABLES;

  constructor(steps: readonly ScenarioNode[]) {
    this.stack = [{ nodes: steps, next: 0, loop: null, iteration: 0 }];
  }

  /** Loop variables in force for the step that `next` answered last. */
  get variables(): LoopVariables {
    return this.current;
  }

  /** The next step, or null at the end. */
  next(): ActionNode | null {
    for (;;) {
      const frame = this.stack.at(-1);
      if (frame === undefined) return null;
      const node = frame.nodes[frame.next];
      if (node === undefined) {
        this.nextIteration(frame);
        continue;
      }
      frame.next++;
      if (node.kind === 'action') return node;
      if (node.times === 0 || node.body.length === 0) continue;
      this.stack.push({ nodes: node.body, next: 0, loop: node, iteration: 0 });
      this.bindVariables();
    }
  }

  clone(): Cursor {
    const twin = new Cursor([]);
    twin.stack.length = 0;
    for (const frame of this.stack) twin.stack.push({ ...frame });
    twin.current = this.current;
    return twin;
  }

  private nextIteration(frame: Frame): void {
    frame.iteration++;
    frame.next = 0;
    if (frame.loop === null || frame.iteration >= frame.loop.times) this.stack.pop();
    this.bindVariables();
  }

  private bindVariables(): void {
    let variables: Record<string, number> | null = null;
    for (const { loop, iteration } of this.stack) {
      if (loop === null || loop.variable === null) continue;
      variables ??= {};
      variables[loop.variable] = loopValue(loop, iteration);
    }
    this.current = variables ?? NO_VARIABLES;
  }
}
