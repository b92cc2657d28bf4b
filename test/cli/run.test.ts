/** \`mmulator run\`: every exit code, several files, reporters, goldens, colours, pipes, interruptions. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Machine } from '../../src/machine/machine.ts';
import { InvariantError } from '../../src/mmu/invariant.ts';
import { ScenarioEngine } from '../../src/scenario/run/engine.ts';
import { cli } from './fake-io.ts';
import { BAD, FAILING, HOLDING, LONG } from './scenarios.ts';

const files = { 's/a.yaml': HOLDING, 's/b.yaml': FAILING, 's/c.yaml': BAD, 'long.yaml': LONG };

afterEach(() => vi.restoreAllMocks());

describe('exit codes', () => {
  it.for([
    [['run', 's/a.yaml'], 0],
    [['run', 's/b.yaml'], 1],
    [['run', 's/c.yaml'], 2],
    [['run', 'missing.yaml'], 2],
    [['run', 's/a.yaml', '--max-steps', '3'], 124],
    [['run', 's/a.yaml', 's/b.yaml'], 1],
    [['run', 's'], 2],
    [['run'], 2],
    [['rnu'], 2],
    [[], 2],
  ] as const)('%o exits with %d', async ([argv, code]) => {
    expect((await cli(argv, { files })).code).toBe(code);
  });

  it('70 for a bug of ours, with the seed and the step that replay it and no stack', async () => {
    const original = ScenarioEngine.prototype.step;
    vi.spyOn(ScenarioEngine.prototype, 'step').mockImplementation(function (this: ScenarioEngine) {
      if (this.index === 2) throw new InvariantError('frame on two lists');
      return original.call(this);
    });
    const { code, err } = await cli(['run', 's/a.yaml', '--seed', '5'], { files });
    expect(code).toBe(70);
    expect(err).toContain('an internal rule is broken: frame on two lists');
    expect(err).toContain('in s/a.yaml at step 3, with seed 5');
    expect(err).toContain('Please report it');
    expect(err).not.toMatch(/^\s+at .*engine/m);
    const debug = await cli(['run', 's/a.yaml'], { files, env: { MMULATOR_DEBUG: '1' } });
    expect(debug.err).toMatch(/^\s+at /m);
    const explained = await cli(['explain', 's/a.yaml:4'], { files });
    expect(explained.code).toBe(70);
    expect(explained.err).toContain('at step 3');
  });

  it('70 for invariants broken at the end', async () => {
    vi.spyOn(Machine.prototype, 'checkInvariants').mockReturnValue(['frame 4: count 2, mappings 1']);
    const { code, out, err } = await cli(['run', 's/a.yaml'], { files });
    expect(code).toBe(70);
    expect(err).toContain('frame 4: count 2, mappings 1');
    expect(out).toContain('mmulator is wrong');
  });

  it('130 when interrupted between files or inside a long one', async () => {
    const between = await cli(['run', 's/a.yaml', 's/b.yaml'], { files, interruptAfter: 2 });
    expect(between.code).toBe(130);
    expect(between.out).toContain('1 scenario: 1 held');
    expect((await cli(['run', 'long.yaml'], { files, interruptAfter: 2 })).code).toBe(130);
    expect((await cli(['run', 'long.yaml', '-q'], { files })).code).toBe(0);
  });
});

describe('several files', () => {
  it('runs the good ones, reports the failed and the bad, and all mistakes of the bad', async () => {
    const { code, out, err } = await cli(['run', 's', 'nope.yaml'], { files });
    expect(code).toBe(2);
    expect(out).toMatchInlineSnapshot(`
      "✗ nope.yaml  not run: no such file
      ✓ s/a.yaml  fork and write
      ✗ s/b.yaml  wrong about a value
          3 ✗  load buf  = 42
              ✗ value  s/b.yaml:6:43
                  expected  43
                  actual    42
                  because   last written by step 2, \`store buf = 42\`
        ✗ 1 of 2 expectations failed, 3 steps
      ✗ s/c.yaml  not run: 4 mistakes

      4 scenarios: 1 held, 1 failed, 2 not run (8 steps, 5 expectations)
      "
    `);
    expect(err).toMatchInlineSnapshot(`
      "error[MEM-CLI-001]: no such file
        --> nope.yaml

      error[MEM-SCN-007]: unknown step \`stroe\`
        --> s/c.yaml:4:11
         |
       4 |   - { do: stroe, at: buf }
         |           ^^^^^
         = help: did you mean \`store\`?

      error[MEM-SCN-016]: no address is called \`buf\` here
        --> s/c.yaml:4:22
         |
       4 |   - { do: stroe, at: buf }
         |                      ^^^
         = help: known names: text, rodata, data, bss, heap, brk, stack, page

      error[MEM-SCN-008]: a mmap step needs \`length\`
        --> s/c.yaml:5:5
         |
       5 |   - { do: mmap, as: buf, lenght: 8KiB }
         |     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
         = help: a length is a number of bytes or \`64KiB\`

      error[MEM-SCN-006]: unknown key \`lenght\` in a mmap step
        --> s/c.yaml:5:26
         |
       5 |   - { do: mmap, as: buf, lenght: 8KiB }
         |                          ^^^^^^
         = help: did you mean \`length\`?

      4 errors

      "
    `);
  });

  it('stops at the first that does not hold with --bail', async () => {
    const { out } = await cli(['run', 's/b.yaml', 's/a.yaml', '--bail'], { files });
    expect(out).toContain('1 scenario: 1 failed');
    expect(out).not.toContain('a.yaml');
  });

  it('takes patterns, folders and a file named twice', async () => {
    const { out } = await cli(['run', 's/[ab].yaml', 's/a.yaml', '--json'], { files });
    expect(JSON.parse(out).results.map((result: { file: string }) => result.file)).toEqual(['s/a.yaml', 's/b.yaml']);
  });

  it('shows progress on a terminal only, and wipes it', async () => {
    const many = Object.fromEntries(Array.from({ length: 5 }, (_, index) => [`m/${index}.yaml`, HOLDING]));
    const watched = await cli(['run', 'm'], { files: many, tty: true });
    expect(watched.err).toContain('[5/5] m/4.yaml');
    expect(watched.err.endsWith('\r\u001b[K')).toBe(true);
    expect((await cli(['run', 'm'], { files: many })).err).toBe('');
  });
});

describe('output', () => {
  it('results go to standard output, diagnostics to standard error', async () => {
    const held = await cli(['run', 's/a.yaml'], { files });
    expect(held.err).toBe('');
    const bad = await cli(['run', 's/c.yaml'], { files });
    expect(bad.out).toBe('');
    expect(bad.err).toContain('s/c.yaml:4:11');
  });

  it.for([
    [['--reporter', 'tap'], /^TAP version 14\n/],
    [['-r', 'junit'], /^<\?xml version="1.0"/],
    [['--json'], /^\{\n {2}"mmulator"/],
    [['-r', 'json'], /^\{\n {2}"mmulator"/],
  ] as const)('%o chooses the reporter', async ([options, start]) => {
    expect((await cli(['run', 's/a.yaml', ...options], { files })).out).toMatch(start);
  });

  it('goes to a file with --output, uncoloured', async () => {
    const { out, files: written } = await cli(['run', 's/a.yaml', '-o', 'report.txt'], { files, tty: true });
    expect(out).toBe('');
    expect(written.get('report.txt')).toContain('3 expectations held, 5 steps');
    expect(written.get('report.txt')).not.toContain('\u001b');
    const refused = await cli(['run', 's/a.yaml', '-o', 'nowhere/report.txt'], { files });
    expect(refused.code).toBe(2);
    expect(refused.err).toContain('MEM-CLI-013');
  });

  it.for([
    [{ tty: false }, [], false],
    [{ tty: true }, [], true],
    [{ tty: true }, ['--no-color'], false],
    [{ tty: false }, ['--color'], true],
    [{ tty: true, env: { NO_COLOR: '1' } }, [], false],
    [{ tty: true, env: { NO_COLOR: '' } }, [], true],
    [{ tty: true, env: { TERM: 'dumb' } }, [], false],
    [{ tty: false, env: { FORCE_COLOR: '1' } }, [], true],
    [{ tty: false, env: { FORCE_COLOR: '1', NO_COLOR: '1' } }, [], false],
  ] as const)('%o with %o coloured: %s', async ([world, options, colored]) => {
    const { out } = await cli(['run', 's/a.yaml', ...options], { files, ...world });
    expect(out.includes('\u001b[')).toBe(colored);
  });

  it('colours diagnostics by the same rules', async () => {
    expect((await cli(['run', 's/c.yaml'], { files, tty: true })).err).toContain('\u001b[31m');
    expect((await cli(['run', 's/c.yaml', '--no-color'], { files, tty: true })).err).not.toContain('\u001b[3');
    expect((await cli(['rnu', '--no-color'], { files, tty: true })).err).not.toContain('\u001b');
  });

  it('stops working for a reader that has gone', async () => {
    const { code, out } = await cli(['run', 's/a.yaml', 's/b.yaml'], { files, closeAfter: 1 });
    expect(code).toBe(0);
    expect(out).not.toContain('b.yaml');
  });

  it('is the same every time', async () => {
    const once = await cli(['run', 's', '--json'], { files });
    expect((await cli(['run', 's', '--json'], { files })).out).toBe(once.out);
  });

  it('of a long run folds the loop and counts every step', async () => {
    const { out } = await cli(['run', 'long.yaml'], { files });
    expect(out).toContain('1 expectation held, 12,002 steps');
    expect(out).toMatch(/more like it \(steps 4–\d+\)/);
    expect(out.split('\n').length).toBeLessThan(25);
  });
});

describe('standard input', () => {
  it('is a file like any other', async () => {
    expect(await cli(['run', '-', '-q'], { stdin: HOLDING })).toMatchObject({ code: 0 });
    const bad = await cli(['run', '-'], { stdin: BAD });
    expect(bad.code).toBe(2);
    expect(bad.err).toContain('standard input:4:11');
  });
});

describe('golden records', () => {
  it('are written by --update, then hold, then tell what changed', async () => {
    const updated = await cli(['run', 's/a.yaml', '--update'], { files });
    const golden = updated.files.get('s/a.golden.json')!;
    expect(JSON.parse(golden)).toMatchObject({ golden: 1, stepsRun: 5 });
    const held = await cli(['run', 's/a.yaml', '-q'], { files: { ...files, 's/a.golden.json': golden } });
    expect(held).toMatchObject({ code: 0, out: '1 scenario: 1 held (5 steps, 4 expectations)\n' });
    const changed = { 's/a.yaml': HOLDING.replace('value: 7', 'value: 9'), 's/a.golden.json': golden };
    const failed = await cli(['run', 's/a.yaml'], { files: changed });
    expect(failed.code).toBe(1);
    expect(failed.out).toContain('golden step 4  s/a.yaml:7:5');
    expect(failed.out).toContain('expected  store child buf = 7');
    expect(failed.out).toContain('actual    store child buf = 9');
  });

  it('are not written of a run that fails, nor compared with another seed', async () => {
    expect((await cli(['run', 's/b.yaml', '--update'], { files })).files.size).toBe(0);
    const golden = {
      ...files,
      's/a.golden.json': '{ "golden": 1, "name": "x", "seed": 1, "stepsRun": 0, "steps": [], "counters": {} }',
    };
    expect((await cli(['run', 's/a.yaml'], { files: golden })).code).toBe(1);
    expect((await cli(['run', 's/a.yaml', '--seed', '3'], { files: golden })).code).toBe(0);
  });

  it('that are none are the person’s mistake', async () => {
    const { code, err } = await cli(['run', 's/a.yaml'], { files: { ...files, 's/a.golden.json': 'not json' } });
    expect(code).toBe(2);
    expect(err).toContain('MEM-GLD-001');
  });
});

describe('wrong usage', () => {
  it.for([
    [['rnu', 'x'], 'unknown command `rnu`', 'did you mean `run`?'],
    [['s/a.yaml'], 'unknown command `s/a.yaml`', 'to run it: mmulator run s/a.yaml'],
    [['run', 's/a.yaml', '--reportr', 'tap'], 'has no option `--reportr`', 'did you mean `--reporter`?'],
    [['run', 's/a.yaml', '--reporter', 'tpa'], '`tpa` is not one of', 'did you mean `tap`?'],
    [['run', 's/a.yaml', '--max-steps', 'many'], '`many` is not a whole number', ''],
    [['run', 's/a.yaml', '--seed=-1'], '`-1` is too small: 0 is the least', ''],
    [['run', 's/a.yaml', '--seed', '99999999999999999999'], 'is too large', ''],
    [['run', 's/a.yaml', '-o', 'nowhere/report'], 'cannot write: its folder does not exist', ''],
    [['list', 'policy'], '`policy` is not one of its values', 'did you mean `policies`?'],
    [['run', 's/a.yaml', '--max-steps'], '--max-steps needs a value', ''],
    [['run', 's/a.yaml', '--seed', '1', '--seed', '2'], '--seed is given twice', ''],
    [['run'], 'something is missing: mmulator run <files..>', 'mmulator run --help'],
    [['trace', 'simulate', 'x'], 'missing: --frames', 'such as: mmulator trace simulate ls.lackey.gz '],
    [['trace', 'convert', 'x'], 'missing: --to', 'such as: mmulator trace convert ls.lackey.gz --to pgt'],
    [['trace', 'generate'], 'missing: --like', 'such as: mmulator trace generate --like ostep'],
    [['run', '--bogus', 'x'], '`mmulator run` has no option `--bogus`', 'known options: reporter'],
    [['run', '--no-colr'], '`mmulator run` has no option `--colr`', 'did you mean `--color`?'],
    [['conform', 'linux', 'x', '--level', '7'], '--level: `7` is not one of its values', 'known values: 1, 2, 3'],
    [['conform', 'linux', 'x', '--level', 'abc'], '--level: `abc` is not one of its values', 'known values: 1, 2, 3'],
    [['inspect', 's/a.yaml', 'mpas'], '`mpas` is not one of', 'did you mean `maps`?'],
    [['inspect', 's/a.yaml', 'maps', 'more'], 'one argument too many: `more`', ''],
    [['trace'], '`trace` needs a second word', 'mmulator trace run <file>'],
    [['trace', 'rnu', 'x'], 'unknown command `trace rnu`', 'did you mean `run`?'],
    [['run', 's/d.yaml'], 'no such file', 'did you mean s/a.yaml?'],
    [['run', 's/*.json'], 'no file matches this pattern', ''],
    [['--json'], 'no command given', 'commands: run'],
  ] as const)('%o: %s', async ([argv, message, hint]) => {
    const { code, out, err } = await cli(argv, { files });
    expect(code).toBe(2);
    if (!(argv as readonly string[]).includes('--json')) expect(out).not.toContain('error');
    expect(err).toContain(message);
    expect(err).toContain(hint);
    expect(err).toMatch(/^error\[MEM-CLI-\d{3}\]/);
    expect(err).not.toContain('    at ');
  });
});
