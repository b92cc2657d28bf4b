/** The reference page on replacement policies and their options (docs/replacement.md), from the tables themselves. */
import { type OptionValues, REPLACEMENT_OPTIONS } from '../kernel/reclaim/option-table.ts';
import { POLICY_NAMES } from '../kernel/reclaim/policy.ts';
import { POLICIES } from '../kernel/reclaim/registry.ts';

export function policyReference(): string {
  return [
    '# Replacement policies',
    '',
    'Generated from `src/kernel/reclaim/registry.ts` and `option-table.ts`; do not edit.',
    '',
    'Which page makes room for the next one. The same code serves a machine (`replacement: clock`) and the replay of a trace.',
    'A replay runs each by one loop over dense page numbers, many times faster and proven equal; the policy itself is asked one',
    'reference at a time for `--initial`, `--explain`, and where options say what the loop cannot (`lfuTies=first-loaded`,',
    '`lfuKeepsCounts`, `gclock` with more than 7 bits). `opt` needs the future and so a recording.',
    '',
    'Under *working-set* and *pff* the memory in use varies: in a replay pages leave with the reference after which they are not',
    'wanted, in a machine at its next tick (a step of a scenario, every 100 references of `trace run`), if they can leave at all.',
    '*wsclock* has old dirty pages written ahead: in a replay that takes no time; in a machine a file’s page goes to the disk, an',
    'anonymous one to swap, from where on it is clean until it is written to again.',
    '',
    'libCacheSim’s `S3FIFO` (that of 2024), `TwoQ` and `LIRS` keep nothing at all in fewer than 10, 4 and 2 frames, where one of their',
    'queues has no room for a page; these policies here go on with what frames there are.',
    '',
    '| policy | what it does |',
    '|---|---|',
    ...POLICY_NAMES.map((name) => `| \`${name}\` | ${POLICIES[name].description} |`),
    '',
    '## Options',
    '',
    'The conventions on which books and programs differ. Where nothing is said the default is what libCacheSim does, too.',
    'They are given as `--option name=value` to `trace simulate`, `trace run` and `mrc`, as `options:` of a sweep, and as',
    '`machine: { replacement: lfu, replacementOptions: { lfuTies: first-loaded } }` of a scenario or `new Machine({ … })`.',
    'A machine’s policy has to obey each of them (MEM-POL-003); where several policies are asked for, one of them has to.',
    '',
    'In a machine pages leave in the order of the replay under the same options, with these differences. `referenceOnLoad: false`',
    'has the kernel clear the accessed bit behind the access that loaded the page, and with it a TLB entry: one more miss. A',
    'modify, which is one reference of a trace, is a load and a store to a machine: the second of them counts. `handStart` is a',
    'physical frame. A machine has no `tickEvery`, as a scenario ticks at every step (`trace run`, which is its machine’s timer,',
    'obeys it), and no `lirsVariant`: libCacheSim’s evicts on hits, where no kernel is at work.',
    '',
    '| option | values | default | of | meaning |',
    '|---|---|---|---|---|',
    ...Object.entries(REPLACEMENT_OPTIONS).map(
      ([name, { values, defaultsTo, policies, description }]) =>
        `| \`${name}\` | ${valueText(values)} | ${defaultsTo} | ${policies.join(', ')} | ${description} |`,
    ),
    '',
  ].join('\n');
}

function valueText(values: OptionValues): string {
  switch (values.type) {
    case 'boolean':
      return '`true`, `false`';
    case 'choice':
      return values.choices.map((choice) => `\`${choice}\``).join(', ');
    default:
      return `${values.type === 'integer' ? 'whole ' : ''}${values.least} … ${values.most}`;
  }
}
