/** Which files are meant; and the numbers of the command line. */
import { describe, expect, it } from 'vitest';
import { EXIT, worst } from '../../src/cli/exit-codes.ts';
import { globRoot, globToRegExp } from '../../src/cli/glob.ts';
import { sizeInBytes, wholeNumber } from '../../src/cli/numbers.ts';
import { findScenarioFiles, STDIN } from '../../src/cli/scenario-files.ts';
import { fakeWorld } from './fake-io.ts';

const { io } = fakeWorld({
  files: {
    'scenarios/fork.yaml': '',
    'scenarios/swap/one.yaml': '',
    'scenarios/swap/two.yml': '',
    'scenarios/swap/notes.txt': '',
    'scenarios/node_modules/pkg/no.yaml': '',
    'empty/readme.md': '',
    'odd[1].yaml': '',
  },
});

describe('finding scenarios', () => {
  it.for([
    [['scenarios/fork.yaml'], ['scenarios/fork.yaml']],
    [['scenarios'], ['scenarios/fork.yaml', 'scenarios/swap/one.yaml', 'scenarios/swap/two.yml']],
    [['scenarios/'], ['scenarios/fork.yaml', 'scenarios/swap/one.yaml', 'scenarios/swap/two.yml']],
    [['scenarios/*.yaml'], ['scenarios/fork.yaml']],
    [['scenarios/**/*.yaml'], ['scenarios/fork.yaml', 'scenarios/swap/one.yaml']],
    [['scenarios/swap/{one,two}.*'], ['scenarios/swap/one.yaml', 'scenarios/swap/two.yml']],
    [
      ['scenarios/swap', 'scenarios/swap/one.yaml'],
      ['scenarios/swap/one.yaml', 'scenarios/swap/two.yml'],
    ],
    [['odd[1].yaml'], ['odd[1].yaml']],
    [[STDIN], [STDIN]],
  ] as const)('%o → %o', ([wanted, files]) => {
    expect(findScenarioFiles(io, wanted)).toEqual({ files, errors: [] });
  });

  it('reports everything that is missing, and finds the rest', () => {
    const found = findScenarioFiles(io, ['nope.yaml', 'scenarios/frok.yaml', 'empty', '*.json', 'scenarios/fork']);
    expect(found.files).toEqual([]);
    expect(found.errors.map(({ code, file, hint }) => [code, file, hint])).toEqual([
      ['MEM-CLI-001', 'nope.yaml', undefined],
      ['MEM-CLI-001', 'scenarios/frok.yaml', 'did you mean scenarios/fork.yaml?'],
      ['MEM-CLI-003', 'empty', expect.stringContaining('.yaml')],
      ['MEM-CLI-002', '*.json', undefined],
      ['MEM-CLI-001', 'scenarios/fork', 'did you mean scenarios/fork.yaml?'],
    ]);
  });
});

describe('glob patterns', () => {
  it.for([
    ['*.yaml', 'a.yaml', true],
    ['*.yaml', 'a/b.yaml', false],
    ['**/*.yaml', 'a.yaml', true],
    ['**/*.yaml', 'a/b/c.yaml', true],
    ['a/**', 'a/b/c.txt', true],
    ['a?c', 'abc', true],
    ['a?c', 'a/c', false],
    ['[ab].yaml', 'b.yaml', true],
    ['[!ab].yaml', 'b.yaml', false],
    ['[!ab].yaml', 'c.yaml', true],
    ['{fork,swap-*}.yaml', 'swap-in.yaml', true],
    ['a.yaml', 'aXyaml', false],
    ['a+(b)*.yaml', 'a+(b)c.yaml', true],
    ['./x/*.yaml', 'x/a.yaml', true],
  ] as const)('%s against %s: %s', ([pattern, path, matches]) => {
    expect(globToRegExp(pattern).test(path)).toBe(matches);
  });

  it('has a root folder', () => {
    expect(['*.yaml', 'a/b/*.yaml', '/abs/*/x', '/*'].map(globRoot)).toEqual(['.', 'a/b', '/abs', '/']);
  });
});

describe('numbers', () => {
  it('reads sizes with and without units', () => {
    expect(['256KiB', '1MiB', '4096', '0', '1.5KiB', '8 GiB'].map((text) => sizeInBytes('--memory', text))).toEqual([
      262144,
      2 ** 20,
      4096,
      0,
      1536,
      8 * 2 ** 30,
    ]);
  });

  it.for(['', '12KB', 'lots', '-1', '0.3B', '99999999999TiB', '1toString'])('refuses the size «%s»', (text) => {
    expect(() => sizeInBytes('--memory', text)).toThrow(/--memory/);
  });

  it.for(['', '1.5', '-1', '1e3', 'x', '9007199254740993'])('refuses the number «%s»', (text) => {
    expect(() => wholeNumber('--seed', text)).toThrow(/--seed/);
  });

  it('keeps the least', () => {
    expect(wholeNumber('--at', '0x10', 1)).toBe(16);
    expect(() => wholeNumber('--at', '0', 1)).toThrow('1 is the least');
  });
});

describe('the exit code of several files', () => {
  it.for([
    [[], EXIT.held],
    [[EXIT.held, EXIT.failed], EXIT.failed],
    [[EXIT.failed, EXIT.badInput, EXIT.stepLimit], EXIT.badInput],
    [[EXIT.badInput, EXIT.ourBug], EXIT.ourBug],
    [[EXIT.stepLimit, EXIT.failed], EXIT.failed],
    [[EXIT.held, EXIT.stepLimit], EXIT.stepLimit],
  ] as const)('%o is %d', ([codes, code]) => {
    expect(worst(codes)).toBe(code);
  });
});
