/** The record of a run must be the run: played forward and back it shows what the machine itself would show. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseRecord, RecordPlayer, stringifyRecord } from '../../src/machine/record.ts';
import { loadScenario } from '../../src/scenario/load.ts';
import { recordScenario } from '../../src/scenario/record-run.ts';
import { ScenarioSession } from '../../src/scenario/session.ts';

const scenario = loadScenario(readFileSync('scenarios/copy-on-write.yaml', 'utf8'), 'copy-on-write.yaml');

describe('recordScenario', () => {
  it('plays back to the views a machine shows when it is rewound to the same step', () => {
    const { result, record } = recordScenario(scenario);
    expect(result.passed).toBe(true);
    expect(record.steps).toHaveLength(scenario.totalSteps);
    const player = new RecordPlayer(parseRecord(stringifyRecord(record)));
    const session = new ScenarioSession(scenario);
    for (const position of [5, 2, scenario.totalSteps, 0, 7, 6]) {
      session.goTo(position);
      player.goTo(position);
      expect(player.view).toEqual(session.view());
    }
  });

  it('keeps only the last steps when asked to', () => {
    const { record } = recordScenario(scenario, { stepsMax: 3 });
    expect(record.firstStep).toBe(scenario.totalSteps - 3);
    const player = new RecordPlayer(record);
    player.goTo(scenario.totalSteps);
    expect(player.view.clock).toBe(scenario.totalSteps);
  });
});
