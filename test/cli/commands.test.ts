/** Every command through `runCli`, on the real scenario runner and machine, without a child process. */
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../../src/cli/commands.ts';
import { STARTER_SCENARIO } from '../../src/cli/starter.ts';
import { COUNTER_DESCRIPTIONS } from '../../src/machine/counter-descriptions.ts';
import { parseRecord, RecordPlayer } from '../../src/machine/record.ts';
import { VIEWS } from '../../src/report/views/registry.ts';
import { cli } from './fake-io.ts';
import { BAD, FAILING, HOLDING, LONG } from './scenarios.ts';

describe('init', () => {
  it('writes a scenario that holds, and says what to do next', async () => {
    const made = await cli(['init']);
    expect(made).toMatchObject({ code: 0, out: '✓ wrote first.yaml\n  now: mmulator run first.yaml\n' });
    const files = { 'first.yaml': made.files.get('first.yaml')! };
    expect(await cli(['run', 'first.yaml', '-q'], { files })).toMatchObject({
      code: 0,
      out: '1 scenario: 1 held (10 steps, 14 expectations)\n',
    });
  });

  it('overwrites only when told to', async () => {
    const files = { 'first.yaml': 'mine' };
    const refused = await cli(['init'], { files });
    expect(refused.code).toBe(2);
    expect(refused.err).toContain('MEM-CLI-012');
    expect(refused.files.size).toBe(0);
    const forced = await cli(['init', '--force'], { files });
    expect(forced.files.get('first.yaml')).toBe(STARTER_SCENARIO);
  });

  it('says when it cannot write', async () => {
    const { code, err } = await cli(['init', 'nowhere/first.yaml']);
    expect(code).toBe(2);
    expect(err).toContain('MEM-CLI-013');
  });
});

describe('check', () => {
  it('reports every mistake in every file, and runs nothing', async () => {
    const files = {
      'good.yaml': HOLDING,
      'bad.yaml': 'version: 1\nname: x\nsteps:\n  - { do: stroe }\n  - { do: laod }\n',
    };
    const { code, out, err } = await cli(['check', 'bad.yaml', 'good.yaml', 'missing.yaml'], { files });
    expect(code).toBe(2);
    expect(out).toBe('✗ missing.yaml  1 mistake\n✗ bad.yaml  2 mistakes\n✓ good.yaml  5 steps\n');
    expect(err).toContain('bad.yaml:4:11');
    expect(err).toContain('did you mean `store`?');
    expect(err).toContain('did you mean `load`?');
    expect(err).toContain('MEM-CLI-001');
  });

  it('gives an editor the places as JSON', async () => {
    const { out } = await cli(['check', 'bad.yaml', '--json'], {
      files: { 'bad.yaml': 'version: 1\nname: x\nsteps: [{ do: stroe }]\n' },
    });
    expect(JSON.parse(out).files[0]).toMatchObject({
      valid: false,
      errors: [{ code: 'MEM-SCN-007', range: { line: 3, column: 15 } }],
    });
  });
});

describe('explain', () => {
  const files = { 'cow.yaml': HOLDING, 'wrong.yaml': FAILING, 'notes.txt': '' };

  it('tells a step by its number, in either form', async () => {
    const at = await cli(['explain', 'cow.yaml', '--at', '4'], { files });
    const colon = await cli(['explain', 'cow.yaml:4'], { files });
    expect(at.code).toBe(0);
    expect(colon.out).toBe(at.out);
    for (const part of [
      'step 4',
      'store child buf = 7',
      'L2 = ',
      'TLB',
      'copy-on-write',
      'tried again',
      'written: 07 00 00 00',
    ]) {
      expect(at.out).toContain(part);
    }
    for (const line of at.out.split('\n')) expect(line.length).toBeLessThan(100);
  });

  it('numbers steps as run does', async () => {
    const run = await cli(['run', 'cow.yaml'], { files });
    const line = run.out.split('\n').find((text) => text.includes('store child'))!;
    const number = /(\d+)/.exec(line)![1]!;
    expect((await cli(['explain', 'cow.yaml', '--at', number], { files })).out).toContain(
      `step ${number}  store child buf = 7`,
    );
  });

  it('without a number tells the first step that fails', async () => {
    const { code, out } = await cli(['explain', 'wrong.yaml'], { files });
    expect(code).toBe(0);
    expect(out).toContain('step 3');
    expect(out).toContain('expected  43');
  });

  it('without a number asks which when all hold', async () => {
    const { code, err } = await cli(['explain', 'cow.yaml'], { files });
    expect(code).toBe(2);
    expect(err).toContain('from 1 to 5');
  });

  it.for([
    ['--at', '6'],
    ['--at', '0'],
    ['--at', 'x'],
  ])('refuses %o', async (at) => {
    expect(await cli(['explain', 'cow.yaml', ...at], { files })).toMatchObject({ code: 2, out: '' });
  });

  it('tells error codes of files and of the command line', async () => {
    expect((await cli(['explain', 'MEM-SCN-007'])).out).toContain('unknown step');
    expect((await cli(['explain', 'mem-cli-1'])).out).toContain('no such file');
  });

  it('tells words, and suggests the nearest', async () => {
    expect((await cli(['explain', 'copy', 'on', 'write'])).out).toContain('pages nobody writes are never copied');
    const typo = await cli(['explain', 'demnad', 'zero']);
    expect(typo.code).toBe(2);
    expect(typo.err).toContain('did you mean `demand zero`?');
    expect((await cli(['explain', 'zzzzzz'])).err).toContain('list terms');
  });

  it('gives all of it as JSON too', async () => {
    expect(JSON.parse((await cli(['explain', 'cow.yaml:4', '--json'], { files })).out)).toMatchObject({
      step: 4,
      result: { do: 'store', faults: [{ kind: 'copy-on-write' }] },
    });
    expect(JSON.parse((await cli(['explain', 'TLB', '--json'])).out)).toMatchObject({ term: 'TLB' });
    expect(JSON.parse((await cli(['explain', 'MEM-CLI-001', '--json'])).out)).toMatchObject({ code: 'MEM-CLI-001' });
  });

  it('says that a file is missing rather than looking for a word', async () => {
    expect((await cli(['explain', 'cwo.yaml'], { files })).err).toContain('no such file');
  });
});

describe('inspect', () => {
  const files = { 'cow.yaml': HOLDING };

  it.for(VIEWS.map(({ name }) => name))('shows %s as text and as JSON', async (view) => {
    const text = await cli(['inspect', 'cow.yaml', view, '--at', '4'], { files });
    expect(text).toMatchObject({ code: 0, err: '' });
    expect(text.out).not.toBe('');
    const json = await cli(['inspect', 'cow.yaml', view, '--at', '4', '--json'], { files });
    expect(JSON.parse(json.out)).toMatchObject({ file: 'cow.yaml', step: 4, view });
    expect(JSON.parse(json.out)).toHaveProperty(view);
  });

  it('shows one process, by name or pid', async () => {
    const byName = await cli(['inspect', 'cow.yaml', 'maps', '-p', 'child'], { files });
    const byPid = await cli(['inspect', 'cow.yaml', 'maps', '-p', '2'], { files });
    expect(byName.out).toBe(byPid.out);
    expect(byName.out).toMatch(/^[0-9a-f]{8,}-[0-9a-f]{8,} r-xp 00000000 00:00 0 {26}/);
    const nobody = await cli(['inspect', 'cow.yaml', 'maps', '-p', 'chidl'], { files });
    expect(nobody.code).toBe(2);
    expect(nobody.err).toContain('did you mean `child`?');
  });

  it('shows the machine before the first step, where nobody lives', async () => {
    expect((await cli(['inspect', 'cow.yaml', 'processes', '--at', '0'], { files })).out).toBe('no process\n');
    expect((await cli(['inspect', 'cow.yaml', 'processes', '--at', '1'], { files })).out).toContain('parent');
  });

  it('after a fork both map one frame, after the write each its own', async () => {
    const frameOf = async (at: string, process: string) => {
      const { out } = await cli(['inspect', 'cow.yaml', 'pagetable', '--at', at, '-p', process], { files });
      return /→ frames? (\d+).* anon/.exec(out)![1];
    };
    expect(await frameOf('3', 'parent')).toBe(await frameOf('3', 'child'));
    expect(await frameOf('4', 'parent')).not.toBe(await frameOf('4', 'child'));
  });
});

describe('record', () => {
  const files = { 'cow.yaml': HOLDING, 'wrong.yaml': FAILING, 'bad.yaml': BAD, 'long.yaml': LONG };

  it('writes a record that plays both ways', async () => {
    const { code, out } = await cli(['record', 'cow.yaml'], { files });
    expect(code).toBe(0);
    const player = new RecordPlayer(parseRecord(out));
    player.goTo(4);
    expect(player.view.counters.copyOnWriteFaults).toBe(1);
    player.goTo(3);
    expect(player.view.counters.copyOnWriteFaults).toBe(0);
  });

  it('keeps the last steps only, and says with its status how the run went', async () => {
    const last = await cli(['record', 'cow.yaml', '--last', '2'], { files });
    expect(parseRecord(last.out)).toMatchObject({ firstStep: 3, steps: [{}, {}] });
    expect((await cli(['record', 'wrong.yaml'], { files })).code).toBe(1);
    expect((await cli(['record', 'long.yaml', '--max-steps', '5'], { files })).code).toBe(124);
    const bad = await cli(['record', 'bad.yaml'], { files });
    expect(bad).toMatchObject({ code: 2, out: '' });
    expect(bad.err).toContain('did you mean `store`?');
  });
});

describe('trace run', () => {
  const lackey = 'I  04000000,3\n S 1ffeffe7e,8\n L 1ffeffe7e,8\n M 04001000,4\n L 04002ffe,4\n';

  it('counts what a recorded program did', async () => {
    const { code, out } = await cli(['trace', 'run', 'a.lackey', '--memory', '256KiB', '--json'], {
      files: { 'a.lackey': lackey },
    });
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      references: { total: 5, fetches: 1, loads: 2, stores: 1, modifies: 1, pageCrossings: 1 },
      faults: { major: 0 },
      pages: { distinct: 5 },
      killed: null,
    });
  });

  it('reads gzipped traces and standard input alike', async () => {
    const plain = await cli(['trace', 'run', 'a', '--json'], { files: { a: lackey } });
    const packed = await cli(['trace', 'run', 'a', '--json'], { files: { a: gzipSync(lackey) } });
    const piped = await cli(['trace', 'run', '-'], { stdin: lackey });
    expect(packed.out).toBe(plain.out);
    expect(piped.out).toMatch(/references\s+5/);
  });

  it.for([
    [['--memory', '12KB'], 'is not a size'],
    [['--replacement', 'clok'], 'did you mean `clock`?'],
    [['--tlb-ways', '4'], 'needs --tlb-entries'],
    [['--tlb-entries', '6', '--tlb-ways', '4'], 'MEM-TLB-003'],
    [['--paging', 'sv93'], 'did you mean `sv39`?'],
    [['--frames', '0'], '1 is the least'],
  ] as const)('refuses %o', async ([options, message]) => {
    const { code, err } = await cli(['trace', 'run', 'a', ...options], { files: { a: lackey } });
    expect(code).toBe(2);
    expect(err).toContain(message);
  });

  it('says where a trace is not one', async () => {
    const { code, err } = await cli(['trace', 'run', 'a'], { files: { a: 'I  04000000,3\nhello\n' } });
    expect(code).toBe(2);
    expect(err).toContain('a:2:1');
  });

  it('can be interrupted', async () => {
    expect(await cli(['trace', 'run', 'a'], { files: { a: lackey }, interruptAfter: 1 })).toMatchObject({
      code: 130,
      out: '',
    });
  });
});

describe('the small commands', () => {
  it('schema prints the JSON Schema', async () => {
    expect(JSON.parse((await cli(['schema'])).out)).toMatchObject({
      $schema: 'http://json-schema.org/draft-07/schema#',
    });
  });

  it('list names everything, or one family', async () => {
    const { out } = await cli(['list']);
    for (const name of [
      'clock',
      'sv39',
      'x86_64-la57',
      'mprotect',
      'copy-on-write',
      'junit',
      'pagetable',
      'swapReads',
      'errno',
    ]) {
      expect(out).toContain(name);
    }
    expect(
      JSON.parse((await cli(['list', 'views', '--json'])).out).views.map(({ name }: { name: string }) => name),
    ).toEqual(VIEWS.map(({ name }) => name));
    expect((await cli(['list', 'polices'])).err).toContain('did you mean `policies`?');
  });

  it('completion prints a script for the shell at hand, or for the one named', async () => {
    expect((await cli(['completion', 'bash'])).out).toContain('complete -o bashdefault');
    expect((await cli(['completion'], { env: { SHELL: '/usr/bin/zsh' } })).out).toContain('#compdef mmulator');
    expect((await cli(['completion'], { env: { SHELL: '/usr/bin/fish' } })).code).toBe(2);
  });

  it('completes commands and options', async () => {
    expect((await cli(['--get-yargs-completions', 'mmulator', 'in'])).out.split('\n')).toContain('inspect');
    expect((await cli(['--get-yargs-completions', 'mmulator', 'run', '--'])).out).toContain('--max-steps');
  });
});

describe('help', () => {
  it.for(COMMANDS.map((command) => command.name))(
    '%s --help shows usage and examples on standard output',
    async (name) => {
      const { code, out, err } = await cli([...name.split(' '), '--help']);
      expect(code).toBe(0);
      expect(out).toContain(`mmulator ${name}`);
      expect(out).toContain('Examples:');
      expect(err).toBe('');
    },
  );

  it('lists every command and the exit codes', async () => {
    const { code, out } = await cli(['--help']);
    expect(code).toBe(0);
    for (const { name } of COMMANDS) expect(out).toContain(`mmulator ${name.split(' ')[0]}`);
    expect(out).toContain('70 a bug in mmulator');
  });

  it('has a version', async () => {
    expect((await cli(['--version'])).out).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

describe('counters', () => {
  it('are explained by name, beside the word of that name', async () => {
    expect((await cli(['explain', 'tlbmisses'])).out).toContain('First lookups of an access that no TLB answered');
    const walks = await cli(['explain', 'walks']);
    expect(walks.out).toContain('one PTE a level');
    expect(walks.out).toContain('again after each fault');
    expect(JSON.parse((await cli(['explain', 'walks', '--json'])).out)).toMatchObject({
      term: 'walk',
      counter: 'walks',
    });
    expect((await cli(['explain', 'tlbMises'])).err).toContain('did you mean `tlbMisses`?');
  });

  it('and all else that can be listed has a description', async () => {
    const listed: Record<string, { name: string; description: string }[]> = JSON.parse(
      (await cli(['list', '--json'])).out,
    );
    expect(listed.counters).toHaveLength(Object.keys(COUNTER_DESCRIPTIONS).length);
    for (const entries of Object.values(listed))
      for (const { description } of entries) expect(description).not.toBe('');
  });
});

describe('--json', () => {
  it.for([
    [['inspect', 'nope.yaml', 'maps'], 'MEM-CLI-001'],
    [['explain', 'nonsense-word'], 'MEM-CLI-009'],
    [['explain', 'bad.yaml:2'], 'MEM-SCN-'],
    [['record', 'bad.yaml'], 'MEM-SCN-'],
    [['run'], 'MEM-CLI-008'],
    [['rnu'], 'MEM-CLI-005'],
    [['trace', 'run', 'nope'], 'MEM-CLI-001'],
  ] as const)('%o gives its mistakes as a document', async ([argv, code]) => {
    const { code: status, out, err } = await cli([...argv, '--json'], { files: { 'bad.yaml': BAD } });
    expect(status).toBe(2);
    expect(JSON.parse(out).errors[0].code).toContain(code);
    expect(err).toContain(code);
    expect((await cli(argv, { files: { 'bad.yaml': BAD } })).out).toBe('');
  });
});

describe('the report of a trace', () => {
  it('says what the trace was run on', async () => {
    const files = { a: ' L 1000,4\n' };
    const { out } = await cli(['trace', 'run', 'a', '--memory', '256KiB', '--frames', '8', '--replacement', 'lru'], {
      files,
    });
    expect(out).toContain('x86_64, 256KiB memory, 16GiB swap, at most 8 pages resident, replacement lru');
    expect(out).toMatch(/TLB of 64 entries\s+in 4 ways/);
    expect(JSON.parse((await cli(['trace', 'run', 'a', '--json'], { files })).out).machine.swap).toBe(16 * 2 ** 30);
  });
});

describe('names made in a loop', () => {
  it('are shown as they were in that turn', async () => {
    const loop = `version: 1
name: loop
steps:
  - { do: for, var: i, below: 2, steps: [{ do: spawn, process: "c{i}" }] }
`;
    const { out } = await cli(['run', 'l.yaml'], { files: { 'l.yaml': loop } });
    expect(out).toContain('spawn c1 [i = 1]');
  });
});
