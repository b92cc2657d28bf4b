/** What happens around the processes: a snapshot, time passing. */
import type { Operations } from './operation.ts';

export const WORLD_OPS: Operations = {
  snap: { by: 'world', perform: ({ world, answer }) => world.showMemory(answer) },
  sleep: {
    by: 'world',
    perform: ({ answer }) => {
      answer.ret = 0;
    },
  },
};
