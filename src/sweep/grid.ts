/**
 * From a plan and the files it names to its cells, in a fixed order.
 *
 * ```
 *   inputs (traces as written, their files by name; then scenarios by name)
 *     × pageSize × tlb × memory × policy × options × seed × frames          the last runs fastest
 * ```
 *
 * An axis that is of no consequence for a point is not one: the seed of `lru`, an option that `clock` does not obey, the page
 * size of a trace that counts pages. Points that become the same are one cell.
 */
import { obeyedOptions } from '../kernel/reclaim/option-table.ts';
import { POLICY_NAMES, type PolicyName } from '../kernel/reclaim/policy.ts';
import { POLICIES } from '../kernel/reclaim/registry.ts';
import { InputError, InputErrors } from '../mmu/input-error.ts';
import { canonicalJson } from './canonical-json.ts';
import { type Cell, type CellInput, type CellParameters, MEASURE_VERSION } from './cell.ts';
import { drawsAtRandom } from './cell-keys.ts';
import { filesInOrder } from './input-files.ts';
import { nameOfFile, nameOfTrace } from './input-name.ts';
import type { Digest, Grid, SweepInputs, SweepPlan } from './plan.ts';

/** What fits into one document of results. */
const CELLS_MAX = 250_000;
const ID_DIGITS = 32;

/** @throws InputErrors MEM-SWP-028 two inputs of one name; MEM-SWP-031 too many cells; MEM-SWP-032 no input at all */
export function cellsOf(plan: SweepPlan, inputs: SweepInputs, digest: Digest): Cell[] {
  const cells: Cell[] = [];
  const sources = inputsOf(plan, inputs);
  if (sources.length === 0) throw wrong('MEM-SWP-032', 'no file is there to measure', 'look at the patterns');
  for (const input of sources) {
    const seen = new Set<string>();
    for (const parameters of input.kind === 'scenario' ? scenarioPoints(plan.grid) : tracePoints(plan.grid, input)) {
      const content = canonicalJson({ measure: MEASURE_VERSION, input: identityOf(input), parameters });
      if (seen.has(content)) continue;
      seen.add(content);
      if (cells.length === CELLS_MAX) {
        throw wrong('MEM-SWP-031', `the grid has more than ${CELLS_MAX} cells`, 'make several sweeps of it');
      }
      cells.push({ index: cells.length, id: digest(content).slice(0, ID_DIGITS), input, parameters });
    }
  }
  return cells;
}

const wrong = (code: string, message: string, hint: string): InputErrors =>
  new InputErrors([new InputError({ code, message, hint })]);

function inputsOf({ traces, scenarios }: SweepPlan, found: SweepInputs): CellInput[] {
  const inputs = [
    ...traces.flatMap((source, index): CellInput[] => {
      if (source.kind === 'generated') return [{ kind: 'generated', name: nameOfTrace(source), source }];
      return filesInOrder(found.traces[index] ?? []).map(({ file, digest }) => {
        const name = nameOfFile(source, file);
        return { kind: 'trace', name, file, digest, source };
      });
    }),
    ...(scenarios.length === 0 ? [] : filesInOrder(found.scenarios)).map(({ file, digest }): CellInput => {
      return { kind: 'scenario', name: file, file, digest };
    }),
  ];
  const twice = inputs.filter(({ name }, index) => inputs.findIndex((other) => other.name === name) < index);
  if (twice.length === 0) return inputs;
  throw new InputErrors(
    [...new Set(twice.map(({ name }) => name))].map((name) => {
      const message = `two inputs are called \`${name}\``;
      return new InputError({ code: 'MEM-SWP-028', message, hint: 'give one of them another `name`' });
    }),
  );
}

/** What of an input is hashed: not where its file was found by which pattern. */
function identityOf(input: CellInput): unknown {
  if (input.kind === 'scenario') return { kind: input.kind, name: input.name, digest: input.digest };
  const { name: _name, ...source } = input.source;
  if (input.kind === 'generated') return { kind: input.kind, name: input.name, source };
  return { kind: input.kind, name: input.name, digest: input.digest, source: { ...source, file: null } };
}

function* tracePoints(grid: Grid, input: CellInput): Generator<CellParameters, void, undefined> {
  const countsPages = input.kind === 'generated' || (input.kind === 'trace' && input.source.unit === 'page');
  const pageSizes = countsPages ? [null] : (grid.pageSize ?? [null]);
  const isTlbAlone = grid.frames === null;
  const policies = isTlbAlone ? [null] : policiesOf(grid.policy ?? ['lru'], () => true);
  for (const pageSize of pageSizes) {
    for (const tlb of grid.tlb ?? [null]) {
      if (tlb === null && isTlbAlone) continue;
      for (const policy of policies) {
        for (const set of grid.options) {
          const options = policy === null ? {} : obeyedOptions(set, policy, 'replay');
          const draws = policy === 'random' || (tlb !== null && drawsAtRandom(tlb));
          for (const seed of draws ? (grid.seed ?? [null]) : [null]) {
            for (const frames of grid.frames ?? [null]) {
              yield { policy, frames, memory: null, tlb, pageSize, seed, options };
            }
          }
        }
      }
    }
  }
}

/** A scenario's own machine may have anything random in it: each seed is a cell. */
function* scenarioPoints(grid: Grid): Generator<CellParameters, void, undefined> {
  const policies = grid.policy === null ? [null] : policiesOf(grid.policy, (name) => !POLICIES[name].needsFuture);
  const tlbs = grid.tlb?.map((tlb) => tlb ?? ('none' as const)) ?? [null];
  for (const pageSize of grid.pageSize ?? [null]) {
    for (const tlb of tlbs) {
      for (const memory of grid.memory ?? [null]) {
        for (const policy of policies) {
          for (const set of grid.options) {
            const options = obeyedOptions(set, policy, 'machine');
            for (const seed of grid.seed ?? [null]) {
              for (const frames of grid.frames ?? [null]) {
                yield { policy, frames, memory, tlb, pageSize, seed, options };
              }
            }
          }
        }
      }
    }
  }
}

const policiesOf = (
  wanted: 'all' | readonly PolicyName[],
  canWork: (name: PolicyName) => boolean,
): readonly PolicyName[] => (wanted === 'all' ? POLICY_NAMES.filter(canWork) : wanted);
