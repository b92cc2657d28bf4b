import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 60_000,
    pool: 'forks',
    // As many as there are cores; the default leaves one idle, which on two is half of the machine.
    maxWorkers: '100%',
  },
});
