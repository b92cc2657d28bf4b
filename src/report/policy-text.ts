/** The reference page on replacement policies and their options (docs/replacement.md), from the tables themselves. */
import { createLoop } from '../kernel/reclaim/loops/registry.ts';
import { type OptionValues, REPLACEMENT_OPTIONS } from '../kernel/reclaim/option-table.ts';
import { POLICY_NAMES } from '../kernel/reclaim/policy.ts';
import { POLICIES } from '../kernel/reclaim/registry.ts';
import { Random } from '../mmu/random.ts';

export function policyReference(): string {
  return [
    '# Replacement policies',
    '',
    'Generated from `src/kernel/reclaim/registry.ts` and `option-table.ts`; do not edit.',
    '',
    'Which page makes room for the next one. The same code serves a machine (`replacement: clock`) and the replay of a trace.',
    'Policies with a **loop** are replayed by one loop over dense page numbers, several times faster and proven equal;',
    '`opt` needs the future and so a recording; under *working-set* and *pff* the memory a trace takes varies (in a machine,',
    'which evicts only when it must, they choose the victim and no more).',
    '',
    '| policy | loop | what it does |',
    '|---|---|---|',
    ...POLICY_NAMES.map((name) => `| \`${name}\` | ${hasLoop(name) ? 'yes' : ''} | ${POLICIES[name].description} |`),
    '',
    '## Options',
    '',
    'The conventions on which books and programs differ. Where nothing is said the default is what libCacheSim does, too.',
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

function hasLoop(name: (typeof POLICY_NAMES)[number]): boolean {
  const recording = new Int32Array(0);
  return createLoop(name, { frames: 2, options: {}, random: new Random(0), recording }) !== null;
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
