/** `mmulator proc` through `runCli`. */
import { describe, expect, it } from 'vitest';
import { cli } from './fake-io.ts';
import { HOLDING } from './scenarios.ts';

const TWINS = `version: 1
name: two of one name, and a zombie
steps:
  - { do: spawn, process: first }
  - { do: mmap, process: first, as: buf, length: 8KiB, flags: populate }
  - { do: fork, process: first, as: child }
  - { do: exit, process: child }
  - { do: wait, process: first, child: child }
`;
const BARE = `version: 1
name: bare
machine: { kernel: none }
steps:
  - { do: comment, note: nothing }
`;
const files = { 'cow.yaml': HOLDING, 'two.yaml': TWINS, 'bare.yaml': BARE };
const proc = (...argv: string[]) => cli(['proc', ...argv], { files });

describe('proc', () => {
  it('tells all mistakes in its words at once, and an unknown process even of a file that is nobody’s', async () => {
    const { code, out, err } = await proc('cow.yaml', 'meminfo', 'smapz', 'mapz', 'self/maps', '--process', 'q');
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain('no process `q`');
    expect(err).toContain('did you mean `smaps`?');
    expect(err).toContain('did you mean `maps`?');
    expect(err).toContain('there is no `self`');
    expect(await proc('cow.yaml', 'meminfo', '--process', 'q')).toMatchObject({ code: 2, out: '' });
  });

  it('prints a file of the machine byte for byte', async () => {
    const { code, out, err } = await proc('cow.yaml', 'meminfo');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(/^MemTotal: {8,}\d+ kB\nMemFree: /);
    expect(out.endsWith(' kB\n')).toBe(true);
  });

  it('takes the only process there is, a name, a pid or a path', async () => {
    const only = await proc('cow.yaml', 'maps', '--at', '2');
    expect(only.out).toMatch(/^[0-9a-f]{8,}-[0-9a-f]{8,} r-xp 00000000 fe:00 \d+ +\/bin\/parent\n/);
    for (const argv of [
      ['maps', '-p', 'child'],
      ['maps', '--process', '2'],
      ['2/maps'],
      ['child/maps'],
      ['/proc/2/maps'],
    ]) {
      expect(await proc('cow.yaml', ...argv)).toMatchObject({
        code: 0,
        err: '',
        out: (await proc('cow.yaml', '2/maps')).out,
      });
    }
  });

  it('shows the machine after the step asked for', async () => {
    const rss = async (at: string) =>
      / VmRSS:\t *(\d+) kB/.exec(` ${(await proc('cow.yaml', '1/status', '--at', at)).out.replaceAll('\n', ' ')}`)![1];
    expect(Number(await rss('2')) - Number(await rss('1'))).toBe(8);
  });

  it('prints several files under their names', async () => {
    const { out } = await proc('cow.yaml', '1/statm', '2/statm', 'swaps');
    expect(out).toMatch(
      /^==> \/proc\/1\/statm <==\n\d[^\n]*\n\n==> \/proc\/2\/statm <==\n\d[^\n]*\n\n==> \/proc\/swaps <==\nFilename/,
    );
  });

  it('prints JSON', async () => {
    const text = (await proc('cow.yaml', '1/maps')).out;
    const { out } = await proc('cow.yaml', '1/maps', '1/pagemap', '--json');
    const document = JSON.parse(out);
    expect(document).toMatchObject({ file: 'cow.yaml', step: 5, files: [{ path: '/proc/1/maps', text }, {}] });
    expect(document.files[1].pages[0]).toEqual({
      address: expect.stringMatching(/^[0-9a-f]{8,}$/),
      value: expect.stringMatching(/^[0-9a-f]{16}$/),
      page: expect.stringMatching(/^present, /),
    });
  });

  it('prints pagemap as a table, or raw', async () => {
    const table = (await proc('cow.yaml', '1/pagemap')).out.trimEnd().split('\n');
    expect(table[0]).toMatch(/^address +entry +page$/);
    expect(table[1]).toMatch(/^[0-9a-f]{8,} +[0-9a-f]{16} +present, (exclusive, )?frame \d+$/);
    const raw = (await proc('cow.yaml', '1/pagemap', '--raw')).out;
    const entries = Array.from({ length: raw.length / 8 }, (_, page) =>
      [...raw.slice(page * 8, page * 8 + 8)].reduceRight(
        (value, byte) => value * 256n + BigInt(byte.charCodeAt(0)),
        0n,
      ),
    );
    const shown = entries.filter((entry) => entry !== 0n).map((entry) => entry.toString(16).padStart(16, '0'));
    expect(shown).toEqual(table.slice(1).map((line) => line.split(/ +/)[1]));
    const maps = (await proc('cow.yaml', '1/maps')).out.matchAll(/^([0-9a-f]+)-([0-9a-f]+)/gm);
    const pages = [...maps].reduce(
      (sum, [, start, end]) => sum + (Number(`0x${end}`) - Number(`0x${start}`)) / 4096,
      0,
    );
    expect(entries).toHaveLength(pages);
  });

  it('says why the file of a zombie is empty', async () => {
    const { code, out, err } = await proc('two.yaml', 'child/maps', '--at', '4');
    expect({ code, out }).toEqual({ code: 0, out: '' });
    expect(err).toBe(
      '/proc/2/maps is empty: child has ended and waits to be waited for; look at an earlier step with --at\n',
    );
  });

  it('takes the living one beside a zombie', async () => {
    expect((await proc('two.yaml', 'maps', '--at', '4')).out).toContain('/bin/first');
  });

  it.for([
    [['cow.yaml', 'mpas'], 'MEM-CLI-015', 'did you mean `maps`?'],
    [['cow.yaml', '1/memino'], 'MEM-CLI-015', 'did you mean `meminfo`?'],
    [['cow.yaml', 'maps'], 'MEM-CLI-016', 'There are 1 (parent), 2 (child)'],
    [['cow.yaml', 'maps', '-p', 'chidl'], 'MEM-CLI-011', 'did you mean `child`?'],
    [['two.yaml', 'child/maps'], 'MEM-CLI-011', 'can be seen with --at'],
    [['cow.yaml', 'maps', '--at', '0'], 'MEM-CLI-011', 'after step 0 there is no process'],
    [['two.yaml', 'child/smaps_rollup', '--at', '4'], 'MEM-API-024', 'ESRCH'],
    [['cow.yaml', 'meminfo', '--at', '6'], 'MEM-CLI-010', 'steps 1 to 5'],
    [['cow.yaml', 'meminfo', '--at', 'x'], 'MEM-CLI-007', '--at'],
    [['cow.yaml', 'meminfo', '--raw'], 'MEM-CLI-007', '--raw is for one pagemap'],
    [['bare.yaml', 'meminfo'], 'MEM-CLI-017', 'inspect'],
    [['nope.yaml', 'meminfo'], 'MEM-CLI-001', ''],
    [['cow.yaml'], 'MEM-CLI-008', 'mmulator proc <scenario> <files..>'],
  ] as const)('%o: %s', async ([argv, code, part]) => {
    const result = await proc(...argv);
    expect(result).toMatchObject({ code: 2, out: '' });
    expect(result.err).toContain(code);
    expect(result.err).toContain(part);
  });
});

describe('the kernel’s log', () => {
  const oom = `version: 1
name: memory runs out
machine: { memory: 256KiB, overcommit: 1 }
steps:
  - { do: mmap, as: buf, length: 1MiB }
  - { do: touch, at: buf, length: 1MiB }
`;
  const files = { 'oom.yaml': oom };
  const report = /^\[ {4}2\.\d{6}\] main invoked oom-killer:[\s\S]*Out of memory: Killed process 1 \(main\) [^\n]*\n$/;

  it('is kmsg, and dmesg', async () => {
    const dmesg = await cli(['proc', 'oom.yaml', 'dmesg'], { files });
    expect(dmesg).toMatchObject({ code: 0, err: '' });
    expect(dmesg.out).toMatch(report);
    for (const word of ['kmsg', '/proc/kmsg']) {
      expect((await cli(['proc', 'oom.yaml', word], { files })).out).toBe(dmesg.out);
    }
  });

  it('is empty before anything happened', async () => {
    const early = await cli(['proc', 'oom.yaml', 'dmesg', '--at', '1'], { files });
    expect(early).toMatchObject({ code: 0, out: '', err: '/proc/kmsg is empty: the kernel has said nothing yet\n' });
  });

  it('stands in the story of the step, as it is', async () => {
    const { out } = await cli(['explain', 'oom.yaml', '--at', '2'], { files });
    const log = (await cli(['proc', 'oom.yaml', 'dmesg'], { files })).out.trimEnd().split('\n');
    const told = out.split('\n').map((line) => line.trim());
    const start = told.findIndex((line) => line.includes('main invoked oom-killer'));
    expect(told.slice(start - 1, start).join()).toMatch(/▸ kernel log/);
    expect(told.slice(start, start + log.length)).toEqual(
      log.map((line) => line.slice('[    2.000000] '.length).trim()),
    );
  });

  it('goes with the event of the kill to programs', async () => {
    const { out } = await cli(['run', 'oom.yaml', '--json'], { files });
    const [result] = JSON.parse(out).results;
    const kill = result.steps[1].events.find(({ type }: { type: string }) => type === 'OomKill');
    expect(kill.report[0]).toMatch(/^main invoked oom-killer/);
    expect(kill.report.at(-1)).toMatch(/^Out of memory: Killed process 1/);
  });
});
