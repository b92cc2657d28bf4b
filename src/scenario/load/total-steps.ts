/** How many steps a file has with its loops unrolled, and which loop has most of them. */
import type { LoopNode, ScenarioNode } from '../scenario.ts';

/** An empty loop counts one step an iteration: going round takes time too. */
export const totalSteps = (steps: readonly ScenarioNode[]): number =>
  steps.reduce((sum, node) => sum + (node.kind === 'loop' ? node.times * Math.max(1, totalSteps(node.body)) : 1), 0);

export function largestLoop(steps: readonly ScenarioNode[]): LoopNode | null {
  const loops = steps.filter((node) => node.kind === 'loop');
  return loops.toSorted((a, b) => totalSteps([b]) - totalSteps([a]))[0] ?? null;
}
