import { expect, test } from 'vitest';
import { againstGroups } from '../../bench/against.ts';
import { AgainstError, parseCachesim } from '../../bench/cachesim.ts';

const LINE =
  '/tmp/data/trace.oracleGeneral.bin LRU cache size   100000,         20000000 req, miss ratio 0.2219, throughput 40.00 MQPS';

test('the last line of cachesim is understood', () => {
  expect(parseCachesim(`[INFO]  11-21-2024 trace path\n${LINE}\n`)).toEqual({
    nanoseconds: 5e8,
    requests: 20_000_000,
    missRatio: 0.2219,
    precision: expect.closeTo(0.00005, 12),
  });
});

test.each([
  'x FIFO cache size 100000, 20000000 req, miss ratio 0.2219, byte miss ratio 0.5, throughput 40.00 MQPS',
  'x FIFO cache size 100000, 20000000 req, miss ratio 0.2219, write ratio 0.7, throughput 40.00 MQPS',
  '0.00 hour: 20000000 requests, miss cnt 4438000 miss ratio 0.2219, throughput (MQPS): 40.00, skipped 0 requests',
])('so are those of other versions: %s', (line) => {
  expect(parseCachesim(line)).toMatchObject({ nanoseconds: 5e8, missRatio: 0.2219 });
});

test('a byte miss ratio alone is none of requests', () => {
  expect(parseCachesim('x FIFO, 20000000 req, byte miss ratio 0.5, throughput 40.00 MQPS')).toBeNull();
});

test('what has no throughput is not understood', () => {
  expect(parseCachesim('x LRU cache size 100000, 20000000 req, miss ratio 0.2219, byte miss ratio 0.2219')).toBeNull();
  expect(parseCachesim(LINE.replace('40.00', '0.00'))).toBeNull();
});

test.each([
  ['foo=/bin/ls', /--against foo=\/bin\/ls: no such program; there is --against libcachesim=PATH/],
  ['libcachesim', /name the `cachesim` program/],
  ['libcachesim=/nowhere/cachesim', /no such file/],
  ['libcachesim=/', /no file/],
  [`libcachesim=${import.meta.filename}`, /may not be executed/],
])('--against %s says what is wrong', (argument, message) => {
  expect(() => againstGroups(argument)).toThrow(AgainstError);
  expect(() => againstGroups(argument)).toThrow(message);
});

test('ten algorithms, with and without numbering pages, and the file against libCacheSim', () => {
  const ids = againstGroups(`libcachesim=${process.execPath}`).flatMap(({ comparisons }) => comparisons);
  expect(ids).toHaveLength(21);
});
