import type { InputFile, SweepInputs } from './plan.ts';

/** By name, each once, in whatever order and however often they were found. */
export const filesInOrder = (files: readonly InputFile[]): InputFile[] =>
  [...new Map(files.map(({ file, digest }) => [file, { file, digest }])).values()].sort((one, other) =>
    one.file < other.file ? -1 : 1,
  );

export const inputsInOrder = ({ traces, scenarios }: SweepInputs): SweepInputs => ({
  traces: traces.map(filesInOrder),
  scenarios: filesInOrder(scenarios),
});
