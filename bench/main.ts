/**
 * npm run bench -- [--rounds N] [--only TEXT] [--json FILE] [--compare [--baseline FILE]] [--against libcachesim=PATH]
 *
 * Prints ratios measured in this run. It is no test: nothing fails for being slow, but a cost that grows faster with the
 * number of areas than its logarithm does. With --against only the rows that need that program. docs/performance.md
 * explains them all.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { againstGroups } from './against.ts';
import { AgainstError } from './cachesim.ts';
import { areaGroups } from './groups/areas.ts';
import { copyFaultGroup, majorFaultGroup, minorFaultGroup } from './groups/faults.ts';
import { heapGroups } from './groups/heaps.ts';
import { loadGroups } from './groups/loads.ts';
import { nativeModelGroups } from './groups/native-models.ts';
import { forkGroup, mappingGroup } from './groups/processes.ts';
import { replacementGroups } from './groups/replacement.ts';
import { scenarioGroup } from './groups/scenario.ts';
import { traceGroups } from './groups/traces.ts';
import { exceedsLimit, type Figure, type Group, measure } from './harness.ts';
import { type Baseline, renderTable } from './table.ts';
import { MIB } from './workbench.ts';

const ownGroups = (): Group[] => [
  ...loadGroups,
  minorFaultGroup(),
  copyFaultGroup(),
  majorFaultGroup(),
  forkGroup(),
  mappingGroup(),
  ...areaGroups(),
  scenarioGroup(),
  ...heapGroups(),
  ...replacementGroups(),
  ...traceGroups(),
  ...nativeModelGroups(),
];

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '41' },
    only: { type: 'string' },
    json: { type: 'string' },
    compare: { type: 'boolean', default: false },
    against: { type: 'string' },
    baseline: { type: 'string', default: 'bench/baseline.json' },
    /** For itself: measure this group alone, and answer in JSON. */
    group: { type: 'string' },
  },
});

const rounds = Number(values.rounds);
if (!Number.isInteger(rounds) || rounds < 1) throw new Error('--rounds takes a whole number from 1 up');
let groups: readonly Group[];
try {
  groups = values.against === undefined ? ownGroups() : againstGroups(values.against);
} catch (error) {
  if (!(error instanceof AgainstError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exit(2);
}
const idsOf = (group: Group): string[] =>
  group.comparisons.map(({ id }) => id).filter((id) => values.only === undefined || id.includes(values.only));
if (values.group !== undefined) {
  const group = groups[Number(values.group)]!;
  const answer: Measured = { figures: measure(group, idsOf(group), rounds), notes: group.notes ?? [] };
  process.stdout.write(JSON.stringify(answer));
  process.exit();
}
const baseline = values.compare ? (JSON.parse(readFileSync(values.baseline, 'utf8')) as Baseline) : null;

const host = {
  cpu: cpus()[0]?.model ?? 'unknown',
  cores: cpus().length,
  memoryMiB: Math.round(totalmem() / MIB),
  node: process.version,
  v8: process.versions.v8,
};
const { cpu, cores, node, v8 } = host;
process.stdout.write(`${cpu}, ${cores} cores; Node ${node} (V8 ${v8}); ${rounds} interleaved rounds, medians\n\n`);

const figures: Figure[] = [];
const notes: string[] = [];
for (const [index, group] of groups.entries()) {
  const ids = idsOf(group);
  if (ids.length === 0) continue;
  try {
    const measured =
      values.against === undefined
        ? measureApart(index)
        : { figures: measure(group, ids, rounds), notes: group.notes ?? [] };
    figures.push(...measured.figures);
    notes.push(...measured.notes);
  } catch (error) {
    // A program that fails, or is not what it should be, leaves the other rows as they are.
    if (!(error instanceof AgainstError)) throw error;
    notes.push(error.message);
    process.exitCode = 1;
  }
}
process.stdout.write(renderTable(figures, baseline));
process.stdout.write('\n  ↑ more is better (speed, reference = 1)   ↓ less is better (time, reference = 1)\n');
for (const note of notes) process.stdout.write(`  left out: ${note}\n`);

const footprint = values.only === undefined && values.against === undefined ? measureFootprint() : null;
const mib = (bytes: number) => `${(bytes / MIB).toFixed(1)} MiB`;
if (footprint !== null) {
  const { machine, touched } = footprint;
  process.stdout.write(
    `\n64 GiB machine: ${mib(machine)} of host memory to boot, ${mib(touched)} more for 10 MiB touched\n`,
  );
}

if (values.json !== undefined) {
  writeFileSync(values.json, `${JSON.stringify({ host, rounds, figures, footprint }, null, 2)}\n`);
}

if (figures.some(exceedsLimit)) {
  process.stderr.write('\na cost grows faster than it may: see TOO MUCH in the table\n');
  process.exitCode = 1;
}

/**
 * In a process of its own: V8 compiles for the shapes it has met, so what a group has run before would decide how fast the
 * next one is (heaps by a factor of two).
 */
function measureApart(group: number): Measured {
  const script = fileURLToPath(import.meta.url);
  const given = [
    `--group=${group}`,
    `--rounds=${rounds}`,
    ...(values.only === undefined ? [] : [`--only=${values.only}`]),
  ];
  const { status, stdout } = spawnSync(process.execPath, [script, ...given], {
    encoding: 'utf8',
    maxBuffer: 64 * MIB,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (status !== 0) throw new Error(`group ${group} of the benchmark could not be measured`);
  return JSON.parse(stdout) as Measured;
}

interface Measured {
  readonly figures: readonly Figure[];
  readonly notes: readonly string[];
}

function measureFootprint(): { machine: number; touched: number } {
  const script = fileURLToPath(new URL('./footprint.js', import.meta.url));
  const { status, stdout } = spawnSync(process.execPath, [script], { encoding: 'utf8' });
  if (status !== 0) throw new Error('the footprint of a 64 GiB machine could not be measured');
  return JSON.parse(stdout) as { machine: number; touched: number };
}
