/** The examples are run as they stand, with the built command in the place of the installed one. */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import manifest from '../../package.json' with { type: 'json' };

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const EXAMPLES = fileURLToPath(new URL('../../examples/sweep', import.meta.url));
const SHARDS = 4;
const folder = mkdtempSync(join(tmpdir(), 'mmulator-examples-'));
const bin = join(folder, 'bin');

interface Container {
  readonly command: readonly string[];
  readonly env: readonly { readonly name: string; readonly value: string }[];
}
interface Job {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly completions: number;
    readonly completionMode: string;
    readonly backoffLimitPerIndex: number;
    readonly template: { readonly spec: { readonly restartPolicy: string; readonly containers: readonly Container[] } };
  };
}
interface Workflow {
  readonly jobs: Readonly<
    Record<
      string,
      {
        readonly needs?: string;
        readonly strategy?: { readonly matrix: { readonly shard: readonly number[] } };
        readonly steps: readonly {
          readonly run?: string;
          readonly uses?: string;
          readonly with?: Readonly<Record<string, string>>;
        }[];
      }
    >
  >;
}

const read = (name: string): string => readFileSync(join(EXAMPLES, name), 'utf8');

/** How a workflow names a value. */
const context = (name: string): string => `\${{ ${name} }}`;

/** A folder of its own with the sweep in it. */
function workplace(name: string): string {
  const place = join(folder, name);
  mkdirSync(place);
  copyFileSync(join(EXAMPLES, 'sweep.yaml'), join(place, 'sweep.yaml'));
  return place;
}

function run(place: string, command: readonly string[], env: Readonly<Record<string, string>> = {}): void {
  const [program, ...args] = command;
  const { status, stderr, error } = spawnSync(program!, args, {
    cwd: place,
    env: { PATH: `${bin}:${process.env.PATH ?? ''}`, HOME: folder, ...env },
    encoding: 'utf8',
  });
  expect([error, status, stderr]).toEqual([undefined, 0, expect.any(String)]);
}

const same = (path: string): void => {
  for (const format of ['json', 'csv', 'html']) {
    expect(
      readFileSync(join(path, `results.${format}`)).equals(readFileSync(join(folder, `whole/results.${format}`))),
    ).toBe(true);
  }
};

beforeAll(() => {
  if (!existsSync(MAIN)) throw new Error(`${MAIN} is not there: npm run build`);
  mkdirSync(bin);
  // `npx --yes mmulator …` is what a container without it says.
  const scripts = { mmulator: 'exec', npx: '[ "$1 $2" = "--yes mmulator" ] && shift 2 && exec' };
  for (const [name, start] of Object.entries(scripts)) {
    writeFileSync(join(bin, name), `#!/bin/sh\n${start} "${process.execPath}" "${MAIN}" "$@"\n`);
    chmodSync(join(bin, name), 0o755);
  }
  run(workplace('undivided'), ['mmulator', 'sweep', 'sweep.yaml', '-o', `${folder}/whole/`]);
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** As many processes as these tests start take their time where others work too. */
const PATIENCE = { timeout: 180_000 };

describe('examples/sweep', PATIENCE, () => {
  it('is in the package', () => {
    expect(manifest.files).toContain('examples');
    expect(readdirSync(EXAMPLES).sort()).toEqual([
      'github-actions.yml',
      'kubernetes-indexed-job.yaml',
      'slurm-array.sh',
      'sweep.yaml',
      'thrashing.yaml',
    ]);
  });

  it('thrashing.yaml: the scenario of the package on other machines', () => {
    run(folder, ['mmulator', 'sweep', join(EXAMPLES, 'thrashing.yaml'), '-o', `${folder}/thrashing.csv`]);
    const lines = readFileSync(join(folder, 'thrashing.csv'), 'utf8').trimEnd().split('\n');
    expect(lines).toHaveLength(1 + 4 * 9);
    // What the scenario says of itself: 42 major faults under lru with 8 frames.
    const columns = lines[0]!.split(',');
    const own = lines
      .map((line) => line.split(','))
      .find((cells) => cells[columns.indexOf('policy')] === 'lru' && cells[columns.indexOf('frames')] === '8');
    expect([own?.[columns.indexOf('status')], own?.[columns.indexOf('major_faults')]]).toEqual(['held', '42']);
  });

  it('slurm-array.sh: each task of the array, then the line that merges', () => {
    const place = workplace('slurm');
    const text = read('slurm-array.sh');
    const array = /^#SBATCH --array=1-(\d+)$/m.exec(text)?.[1];
    expect(array).toBe(String(SHARDS));
    expect(spawnSync('bash', ['-n', join(EXAMPLES, 'slurm-array.sh')]).status).toBe(0);
    for (let task = 1; task <= SHARDS; task++) {
      const env = {
        SLURM_ARRAY_TASK_ID: String(task),
        SLURM_ARRAY_TASK_COUNT: String(SHARDS),
        SLURM_CPUS_PER_TASK: '2',
      };
      run(place, ['bash', join(EXAMPLES, 'slurm-array.sh')], env);
    }
    const merge = /--wrap "(.*)"$/m.exec(text)?.[1];
    run(place, ['bash', '-c', merge!]);
    same(join(place, 'results'));
  });

  it('kubernetes-indexed-job.yaml: each pod, then the Job that merges', () => {
    const place = workplace('kubernetes');
    const documents = parseAllDocuments(read('kubernetes-indexed-job.yaml'));
    expect(documents.flatMap(({ errors }) => errors)).toEqual([]);
    const jobs = documents.map((one) => one.toJS() as Job).filter(({ kind }) => kind === 'Job');
    const [sweep, merge] = jobs as [Job, Job];
    expect([sweep.metadata.name, merge.metadata.name]).toEqual(['sweep', 'sweep-merge']);
    expect([sweep.spec.completionMode, sweep.spec.completions]).toEqual(['Indexed', SHARDS]);
    // What backoffLimitPerIndex asks for.
    expect(sweep.spec.template.spec.restartPolicy).toBe('Never');
    const envOf = ({ env }: Container) => Object.fromEntries(env.map(({ name, value }) => [name, value]));
    const [pod] = sweep.spec.template.spec.containers as [Container];
    expect(envOf(pod).SHARDS).toBe(String(SHARDS));
    // The volumes are folders here.
    const here = { SWEEP: 'sweep.yaml', RESULTS: 'results' };
    for (let index = 0; index < SHARDS; index++) {
      run(place, pod.command, { ...envOf(pod), ...here, JOB_COMPLETION_INDEX: String(index) });
    }
    const [merger] = merge.spec.template.spec.containers as [Container];
    run(place, merger.command, { ...envOf(merger), ...here });
    same(join(place, 'results'));
  });

  it('github-actions.yml: each job of the matrix, its artifact, the job that merges', () => {
    const { jobs } = parse(read('github-actions.yml')) as Workflow;
    const { measure, merge } = jobs as { measure: Workflow['jobs'][string]; merge: Workflow['jobs'][string] };
    expect(merge.needs).toBe('measure');
    const shards = measure.strategy?.matrix.shard ?? [];
    expect(shards).toHaveLength(SHARDS);
    const artifacts = join(folder, 'artifacts');
    mkdirSync(artifacts);
    for (const shard of shards) {
      const place = workplace(`job-${shard}`);
      for (const step of measure.steps) {
        const filled = step.run
          ?.replaceAll(context('matrix.shard'), String(shard))
          .replaceAll(context('strategy.job-total'), String(shards.length));
        if (filled !== undefined) run(place, ['bash', '-e', '-c', filled]);
        // The artifact is what the path matches.
        if (step.uses?.startsWith('actions/upload-artifact') !== true) continue;
        const pattern = step.with?.path ?? '';
        run(place, ['bash', '-c', `cp ${pattern} "${artifacts}"`]);
      }
    }
    const place = join(folder, 'merge');
    mkdirSync(place);
    for (const step of merge.steps) {
      if (step.uses?.startsWith('actions/download-artifact') === true)
        cpSync(artifacts, join(place, step.with?.path ?? ''), { recursive: true });
      if (step.run !== undefined) run(place, ['bash', '-e', '-c', step.run]);
    }
    same(join(place, 'results'));
  });
});
