/** Loops unroll as written: the cursor against naive recursion. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { loadScenario } from '../../src/scenario/load.ts';
import { Cursor } from '../../src/scenario/run/cursor.ts';

type Tree =
  | { readonly note: string }
  | { readonly times: number; readonly body: readonly Tree[] }
  | { readonly var: string; readonly values: readonly number[]; readonly body: readonly Tree[] };

const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.nat(99).map((number): Tree => ({ note: `n${number}` })),
    fc.record({ times: fc.nat(3), body: fc.array(tie('tree'), { maxLength: 3 }) }),
    fc.record({
      var: fc.constant('v'),
      values: fc.array(fc.integer({ min: -5, max: 5 }), { maxLength: 3 }),
      body: fc.array(tie('tree'), { maxLength: 3 }),
    }),
  ),
}));

/** Loop variables need names of their own on each level. */
function toFile(node: Tree, depth: number): unknown {
  if ('note' in node) return { do: 'comment', note: node.note };
  const steps = node.body.map((inner) => toFile(inner, depth + 1));
  return 'times' in node
    ? { do: 'repeat', times: node.times, steps }
    : { do: 'for', var: `v${depth}`, in: node.values, steps };
}

function unrolled(node: Tree, depth: number, variables: Readonly<Record<string, number>>): string[] {
  if ('note' in node) return [`${node.note} ${JSON.stringify(variables)}`];
  const rounds =
    'times' in node
      ? Array.from({ length: node.times }, () => variables)
      : node.values.map((value) => ({ ...variables, [`v${depth}`]: value }));
  return rounds.flatMap((inner) => node.body.flatMap((child) => unrolled(child, depth + 1, inner)));
}

it('visits what recursion visits, with the same variables, also from clones', () => {
  fc.assert(
    fc.property(fc.array(tree, { minLength: 1, maxLength: 4 }), fc.nat(20), (trees, cloneAt) => {
      const file = { version: 1, name: 'loops', steps: trees.map((node) => toFile(node, 0)) };
      const scenario = loadScenario(JSON.stringify(file));
      const expected = trees.flatMap((node) => unrolled(node, 0, {}));
      const visit = (cursor: Cursor): string[] => {
        const visited: string[] = [];
        for (let node = cursor.next(); node !== null; node = cursor.next()) {
          visited.push(`${node.step.note} ${JSON.stringify(cursor.variables)}`);
        }
        return visited;
      };
      expect(visit(new Cursor(scenario.steps))).toEqual(expected);

      const cursor = new Cursor(scenario.steps);
      for (let done = 0; done < cloneAt; done++) cursor.next();
      const twin = cursor.clone();
      const rest = visit(cursor);
      expect(rest).toEqual(expected.slice(cloneAt));
      expect(visit(twin)).toEqual(rest);
    }),
  );
});

it.for([
  ['to: 3', [0, 1, 2, 3]],
  ['below: 3', [0, 1, 2]],
  ['from: 2, below: 2', []],
  ['from: 2, to: 2', [2]],
  ['from: 10, to: 0, step: -4', [10, 6, 2]],
  ['from: 10, below: 2, step: -4', [10, 6]],
  ['from: 1, below: 8, step: 3', [1, 4, 7]],
  ['from: 1, to: 9, step: 3', [1, 4, 7]],
  ['in: [5, -1, 5]', [5, -1, 5]],
] as const)('for { %s }', ([range, values]) => {
  const scenario = loadScenario(
    `version: 1\nname: x\nsteps: [{ do: for, var: i, ${range}, steps: [{ do: comment, note: x }] }]\n`,
  );
  const cursor = new Cursor(scenario.steps);
  const visited: (number | undefined)[] = [];
  while (cursor.next() !== null) visited.push(cursor.variables.i);
  expect(visited).toEqual(values);
  expect(scenario.totalSteps).toBe(Math.max(values.length));
});
