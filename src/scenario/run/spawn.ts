/** `spawn`: a new process with the image that the step describes. */

import type { SpawnOptions } from '../../machine/machine.ts';
import type { ImageOptions, ImageSection } from '../../process/image.ts';
import type { StepOf } from '../schema/steps.ts';
import type { Executed } from './executed.ts';
import { CannotRun, type StepContext } from './state.ts';

const encoder = new TextEncoder();

export function spawn(context: StepContext, step: StepOf<'spawn'>): Executed {
  const name = context.resolvedName(step.process);
  if (context.anyProcess(name)?.state === 'running') throw new CannotRun(`there is already a process \`${name}\``);
  const process = context.machine.spawn({
    name,
    ...(step.image === undefined ? {} : { image: imageOf(step.image) }),
    ...(step.cpu === undefined ? {} : { cpu: step.cpu }),
    ...(step.signals === undefined ? {} : { signals: step.signals }),
    ...heapOf(step),
  });
  if (step.input !== undefined) process.input.push(...encoder.encode(step.input));
  context.names.pids.set(name, process.pid);
  context.actFor(process);
  return {
    outcome: { kind: 'process', pid: process.pid, name },
    pid: process.pid,
    // A Python that does not understand its settings says so, and ends.
    printed: String.fromCharCode(...process.output),
    exitCode: process.state === 'running' ? undefined : process.exitCode,
  };
}

/** In the words that the library knows too; it looks at them once more. */
function heapOf({ malloc, python, memcheck }: StepOf<'spawn'>): Pick<SpawnOptions, 'malloc' | 'python' | 'memcheck'> {
  // The schema has asked checkTextbookOptions whether the keys are the policy's own.
  return { malloc: malloc as SpawnOptions['malloc'], python, memcheck };
}

type ImageSpec = NonNullable<StepOf<'spawn'>['image']>;

function imageOf(spec: ImageSpec): ImageOptions {
  return {
    text: sectionOf(spec.text),
    rodata: sectionOf(spec.rodata),
    data: sectionOf(spec.data),
    bss: spec.bss,
    stack: spec.stack,
  };
}

function sectionOf(spec: ImageSpec['text']): ImageSection | undefined {
  if (spec === undefined || typeof spec === 'number') return spec;
  return 'hex' in spec ? spec.hex : encoder.encode(spec.text);
}
