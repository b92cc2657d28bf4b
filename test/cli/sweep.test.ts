/** `mmulator sweep` in a world of memory: where results go, shards, workers that die, mistakes. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readSweepFile } from '../../src/sweep/sweep-file.ts';
import { cli, type FakeOptions } from './fake-io.ts';
import { CELLS, FILES, PAGES, SWEEP } from './sweep-files.ts';

const sweep = (args: readonly string[], options: FakeOptions = {}) =>
  cli(['sweep', 'sweep.yaml', ...args], { files: FILES, ...options });

/** Time goes on while it works. */
const unhurried: NonNullable<FakeOptions['worker']> = async (_task, otherwise) => {
  await new Promise((resolve) => setTimeout(resolve, 15));
  return otherwise();
};

const whole = async (args: readonly string[] = []) => (await sweep([...args, '--json'])).out;

interface Doc {
  readonly cells: number;
  readonly rows: { readonly input: string; readonly figures: { readonly faults: number } | null }[];
}

describe('results', () => {
  it('are a table, with who was best', async () => {
    const { code, out, err } = await sweep([]);
    expect([code, err]).toEqual([0, '']);
    expect(out).toContain(' small\n 18 cells, 2 inputs, 3 × policy, 3 × frames\n');
    expect(out).toMatch(/pages\.txt +3 frames +opt 9 faults +lru 12 faults +fifo 15 faults/);
    expect(out).toMatch(/pages\.txt +lru +3 +20 +12 +40\.00 %/);
    expect(out).toContain('zipf: hit ratio\n');
  });

  it('are JSON and CSV on standard output', async () => {
    const { rows, cells } = JSON.parse(await whole()) as Doc;
    expect([cells, rows.length]).toEqual([CELLS, CELLS]);
    expect(rows[0]).toMatchObject({ input: 'pages.txt', figures: { faults: 12 } });
    const { out, code } = await sweep(['--csv']);
    expect(code).toBe(0);
    expect(out.trimEnd().split('\n')).toHaveLength(CELLS + 1);
  });

  it.for([
    ['out.json', ['out.json']],
    ['out.csv', ['out.csv']],
    ['out.html', ['out.html']],
    ['out', ['out']],
    ['there/', ['there/results.json', 'there/results.csv', 'there/results.html']],
  ] as const)('-o %s writes %o and no table', async ([output, written]) => {
    const { code, out, err, files } = await sweep(['-o', output]);
    expect([code, out]).toEqual([0, '']);
    const results = [...files.keys()].filter((name) => !name.endsWith('.journal'));
    expect(results).toEqual(written);
    for (const name of written) expect(err).toContain(`${name} is written\n`);
  });

  it('are in a file what they are on standard output, by the name of the file', async () => {
    const { files } = await sweep(['-o', 'there/', '--html', 'page.html', '--quiet']);
    expect(files.get('there/results.json')).toBe(await whole());
    expect(files.get('there/results.csv')).toBe((await sweep(['--csv'])).out);
    expect(files.get('page.html')).toBe(files.get('there/results.html'));
    expect(files.get('page.html')).toMatch(/^<!doctype html>/);
  });

  it('are written once where --output and --html name the same page', async () => {
    const { code, files } = await sweep(['-o', 'page.html', '--html', 'page.html', '-q']);
    expect([code, [...files.keys()]]).toEqual([0, ['page.html.journal', 'page.html']]);
  });

  it('are the same bytes for any number of workers', async () => {
    const texts = await Promise.all(['1', '2', '3', '17'].map((count) => whole(['--workers', count])));
    expect(new Set(texts).size).toBe(1);
  });

  it('do not depend on which task ends first', async () => {
    let turn = 0;
    const late = await sweep(['--json', '--workers', '4'], {
      worker: async (_task, otherwise) => {
        const mine = turn++;
        const answer = await otherwise();
        await new Promise((resolve) => setTimeout(resolve, 40 - 10 * (mine % 4)));
        return answer;
      },
    });
    expect(late.out).toBe(await whole());
  });
});

describe('who measures', () => {
  it('a single task needs no worker', async () => {
    const one = 'sweep: 1\ntraces: [pages.txt]\ngrid: { frames: "3,4" }\n';
    const worker = async () => expect.unreachable('a worker was started');
    const { code, out } = await sweep(['--json'], { files: { ...FILES, 'sweep.yaml': one }, worker });
    expect(code).toBe(0);
    expect((JSON.parse(out) as Doc).rows.map(({ figures }) => figures?.faults)).toEqual([12, 8]);
  });

  it('a worker that dies is told with its cell, and what it did is done once more', async () => {
    let deaths = 0;
    const { code, out, err } = await sweep(['--json'], {
      worker: async (_task, otherwise) => {
        if (deaths++ === 0) throw new Error('worker exited with code: 3');
        return otherwise();
      },
    });
    expect(code).toBe(0);
    expect(err).toMatch(
      /^a worker died at (pages\.txt|zipf), .* frames and \d other cells: worker exited with code: 3; tried once more\n$/,
    );
    expect(out).toBe(await whole());
  });

  it('one that dies twice leaves the others alone, and the exit code says so', async () => {
    const { code, out, err } = await sweep(['--json'], {
      worker: async ({ task }, otherwise) => {
        if (task.input.name === 'zipf') throw new Error('out of memory');
        return otherwise();
      },
    });
    expect(code).toBe(1);
    expect(err).toContain('given up after two attempts');
    expect(err).toMatch(
      /not measured: zipf, lru, 3 frames: the worker died of it, twice: out of memory \[MEM-SWP-050\]/,
    );
    const { rows } = JSON.parse(out) as Doc;
    expect(rows.map(({ figures }) => figures !== null)).toEqual(rows.map(({ input }) => input === 'pages.txt'));
  });

  it('our own mistake in a worker ends the sweep with 70', async () => {
    const bug = { message: 'ways divide entries', stack: 'at tlb.ts', broken: true };
    const { code, out, err } = await sweep(['--json', '-o', 'x.json'], { worker: async () => ({ bug }) });
    expect([code, out]).toEqual([70, '']);
    expect(err).toContain('an internal rule is broken: ways divide entries');
  });

  it('a trace that cannot be read fails its cells, not the sweep', async () => {
    const files = {
      ...FILES,
      'sweep.yaml': SWEEP.replace(
        '  - pages.txt\n',
        '  - pages.txt\n  - { file: bad.txt, name: bad, format: pages }\n',
      ),
      'bad.txt': '1 2 x\n',
    };
    const { code, out, err } = await sweep(['--json'], { files });
    expect(code).toBe(1);
    expect(err).toContain('not measured: bad, lru, 3 frames');
    expect((JSON.parse(out) as Doc).rows.filter(({ figures }) => figures === null)).toHaveLength(9);
  });
});

describe('shards', () => {
  it('are disjoint parts of the whole', async () => {
    const parts = await Promise.all(
      ['1/3', '2/3', '3/3'].map(async (shard) => JSON.parse((await sweep(['--shard', shard, '--json'])).out) as Doc),
    );
    expect(parts.map(({ cells, rows }) => [cells, rows.length])).toEqual([
      [CELLS, 6],
      [CELLS, 6],
      [CELLS, 6],
    ]);
  });

  it('are written as parts that lie in order', async () => {
    const { files } = await sweep(['--shard', '2/12', '-o', 'parts/']);
    expect([...files.keys()]).toEqual(['parts/part-02-of-12.journal', 'parts/part-02-of-12.json']);
  });

  it.for(['0/4', '5/4', 'a/b', '4', '1/0', '-1/3', '1.5/3'])('%s is none', async (shard) => {
    const { code, err } = await sweep([`--shard=${shard}`]);
    expect(code).toBe(2);
    expect(err).toContain(`\`${shard}\` is no shard`);
    expect(err).toContain('counted from 1');
  });

  it('cannot be CSV: nobody could merge that', async () => {
    const { code, err } = await sweep(['--shard', '1/2', '-o', 'x.csv']);
    expect([code, err.includes('no part that can be merged')]).toEqual([2, true]);
  });
});

describe('--dry-run', () => {
  it('lists the cells, of a shard its own, and measures nothing', async () => {
    const worker = async () => expect.unreachable('a worker was started');
    const { code, out, files } = await sweep(['--dry-run', '--shard', '2/4', '-o', 'x.json'], { worker });
    expect([code, files.size]).toEqual([0, 0]);
    expect(out.split('\n')[0]).toBe(' 1  pages.txt, lru, 8 frames');
    expect(out).toMatch(/\n5 cells of 18\n$/);
    const { listed, cells } = JSON.parse((await sweep(['--dry-run', '--json'])).out) as {
      listed: unknown[];
      cells: number;
    };
    expect([listed.length, cells]).toEqual([CELLS, CELLS]);
  });
});

describe('progress', () => {
  it('is a bar on a terminal, nothing for --quiet; standard output knows nothing of it', async () => {
    const slowly = { tty: true, pauseMs: 400, worker: unhurried };
    const told = await sweep(['--json', '--no-color'], slowly);
    expect(told.err).toMatch(/cells {2}[█▏▎▍▌▋▊▉ ]+ +\d+ % {2}\d+ of 18/);
    expect(told.err).toMatch(/ s left/);
    expect(told.out).toBe(await whole());
    expect((await sweep(['--json', '--quiet'], slowly)).err).toBe('');
  });

  it('is a line now and then in a log', async () => {
    const { err } = await sweep(['--json', '--workers', '1'], { pauseMs: 2000, worker: unhurried });
    expect(err).toMatch(/^(cells {2} *\d+ % {2}\d+ of 18, (\d+ min )?\d+ s left\n)+$/);
    expect((await sweep(['--json', '--quiet'], { pauseMs: 2000, worker: unhurried })).err).toBe('');
  });
});

describe('mistakes', () => {
  it('of the file are told where they stand, all at once', async () => {
    const files = {
      ...FILES,
      'sweep.yaml': 'sweep: 1\ntraces: [pages.txt]\ngrid: { policy: [lru, lro], frames: 0 }\n',
    };
    const { code, out, err } = await sweep(['--json', '-o', 'x.json'], { files });
    expect(code).toBe(2);
    expect(err).toMatch(/sweep\.yaml:3:\d+/);
    expect(err).toContain('2 errors');
    expect((JSON.parse(out) as { errors: unknown[] }).errors).toHaveLength(2);
  });

  it('of its inputs too', async () => {
    const files = {
      'sub/sweep.yaml': 'sweep: 1\ntraces: [pages.tx, "*.gz", inner]\nscenarios: [no.yaml]\ngrid: { frames: 4 }\n',
      'sub/pages.txt': PAGES,
      'sub/inner/a.pages': PAGES,
    };
    const { code, err } = await cli(['sweep', 'sub/sweep.yaml'], { files });
    expect(code).toBe(2);
    expect(err).toContain('did you mean sub/pages.txt?');
    expect(err).toContain('no file matches this pattern');
    expect(err).toContain('sub/inner');
    expect(err).toContain('sub/no.yaml');
    expect(err).toContain('4 errors');
  });

  it('of the file and of its inputs together, also of inputs beside a broken one', async () => {
    const files = {
      'sweep.yaml':
        'sweep: 1\ntraces: [nofile.gz, { like: zipg }, pages.txt]\nscenarios: [no.yaml]\ngrid: { frames: 0 }\n',
      'pages.txt': PAGES,
    };
    const { code, out, err } = await sweep(['--json'], { files });
    expect(code).toBe(2);
    const { errors } = JSON.parse(out) as { errors: { code: string; file: string | null }[] };
    expect(errors.map(({ file }) => file)).toEqual(expect.arrayContaining(['nofile.gz', 'no.yaml']));
    // Those of the file come first, where they stand.
    expect(err.indexOf('sweep.yaml:2:')).toBeGreaterThan(-1);
    expect(err.indexOf('sweep.yaml:4:')).toBeGreaterThan(err.indexOf('sweep.yaml:2:'));
    expect(err.indexOf('nofile.gz\n')).toBeGreaterThan(err.indexOf('sweep.yaml:4:'));
  });

  it.for([
    [['--csv', '--json'], '--csv: not together with --json'],
    [['--workers', '0'], '--workers'],
    [['--workers', 'many'], '--workers'],
    [['-o', 'nowhere/x.json'], 'its folder does not exist'],
    [['--html', 'nowhere/x.html'], 'its folder does not exist'],
    [['--html', '.'], 'is a folder, not a file'],
    [['-o', 'x.json', '--html', 'x.json'], '--html: x.json is the --output already'],
  ] as const)('%o', async ([args, message]) => {
    const { code, err, files } = await sweep(args, { worker: async () => expect.unreachable('it began') });
    expect([code, files.size]).toEqual([2, 0]);
    expect(err).toContain(message);
  });

  it('no such file', async () => {
    expect((await cli(['sweep', 'sweep.yml'], { files: FILES })).code).toBe(2);
  });
});

describe('docs/sweep.md', () => {
  it('shows a file that is read as it says', () => {
    const text = readFileSync(new URL('../../docs/sweep.md', import.meta.url), 'utf8');
    const [, yaml] = /```yaml\n([\s\S]*?)```/.exec(text) ?? [];
    const plan = readSweepFile(yaml ?? '', 'docs/sweep.md');
    expect(plan.traces).toHaveLength(4);
    expect(plan.grid).toMatchObject({
      policy: ['lru', 'clock', 'arc', 'opt'],
      frames: [16, 32, 64, 128, 256, 512, 1024, 2048, 4096],
    });
  });
});

describe('where a sweep lies', () => {
  it('its files are found beside it, and are called the same from everywhere', async () => {
    const below = Object.fromEntries(Object.entries(FILES).map(([name, text]) => [`deep/down/${name}`, text]));
    const { out } = await cli(['sweep', 'deep/down/sweep.yaml', '--json'], { files: below });
    expect(out).toBe(await whole());
  });

  it('on standard input, here', async () => {
    const { out } = await cli(['sweep', '-', '--json'], { files: FILES, stdin: SWEEP });
    expect(out).toBe(await whole());
  });
});
