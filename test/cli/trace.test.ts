/** `mmulator trace info | convert | record | generate`, and `trace run` on every format. */
import { readFileSync } from 'node:fs';
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { zstdFrame } from '../trace/zstd-frame.ts';
import { cli } from './fake-io.ts';

const fixture = (name: string): Uint8Array => readFileSync(new URL(`../fixtures/${name}`, import.meta.url));
const LACKEY = '==1== Lackey\nI  1ffe,4\n L 5000,8\n S 5008,8\n M 9000,4\n';
const binary = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0));

describe('trace generate', () => {
  it('gives the homework of OSTEP', async () => {
    const { code, out } = await cli(['trace', 'generate', '--like', 'ostep', '-s', '0', '-n', '10']);
    expect([code, out]).toEqual([0, '8\n7\n4\n2\n5\n4\n7\n3\n4\n5\n']);
  });

  it('takes the options of paging-policy.py by their long names as well, and a list of addresses', async () => {
    const long = await cli(['trace', 'generate', '--like', 'ostep', '--seed=1', '--numaddrs=10', '--maxpage=10']);
    expect(long.out).toBe('1\n8\n7\n2\n4\n4\n6\n7\n0\n0\n');
    const listed = await cli(['trace', 'generate', '--like', 'ostep', '-a', '0,1,2,0', '--to', 'pages-hex']);
    expect(listed.out).toBe('0x0\n0x1\n0x2\n0x0\n');
  });

  it('writes any format', async () => {
    const { files } = await cli([
      'trace',
      'generate',
      '--like',
      'loop',
      '-n',
      '4',
      '-m',
      '3',
      '--to',
      'lackey',
      '-o',
      'l',
      '--page-size',
      '1KiB',
    ]);
    expect(files.get('l')).toBe(' L 00000000,1\n L 00000400,1\n L 00000800,1\n L 00000000,1\n');
  });

  it.each([
    [['--like', 'zip'], 'MEM-CLI-007'],
    [['--like', 'zipf', '-n', '0'], 'MEM-CLI-007'],
    [['--like', 'uniform', '--stores', '2'], 'MEM-CLI-007'],
    [['--like', 'mix', '-m', '10'], 'MEM-TRC-040'],
    [['--like', 'ostep', '-o', 'nowhere/x'], 'MEM-CLI-013'],
    [['--like', 'ostep', '-o', 'x.zst'], 'MEM-TRC-036'],
    [['--like', 'ostep', '--to', 'perf'], 'MEM-CLI-007'],
  ])('%j is refused', async (options, code) => {
    const result = await cli(['trace', 'generate', ...options]);
    expect(result.code).toBe(2);
    expect(result.err).toContain(code);
    expect(result.files.size).toBe(0);
  });
});

describe('trace convert', () => {
  it('writes to standard output, or to a file', async () => {
    const csv = 'kind,address,size,process\nfetch,0x1ffe,4,0\nload,0x5000,8,0\nstore,0x5008,8,0\nmodify,0x9000,4,0\n';
    expect((await cli(['trace', 'convert', 'a', '--to', 'csv'], { files: { a: LACKEY } })).out).toBe(csv);
    const { out, files } = await cli(['trace', 'convert', '-', '--to', 'csv', '-o', 'b'], { stdin: LACKEY });
    expect([out, files.get('b')]).toEqual(['', csv]);
  });

  it('packs what ends in .gz, the head of PGT1 too', async () => {
    const { files } = await cli(['trace', 'convert', 'a', '--to', 'pgt', '-o', 'a.pgt.gz'], { files: { a: LACKEY } });
    const packed = binary(files.get('a.pgt.gz')!);
    expect(gunzipSync(packed).toString('latin1', 0, 4)).toBe('PGT1');
    const back = await cli(['trace', 'convert', 'a.pgt.gz', '--to', 'pages'], { files: { 'a.pgt.gz': packed } });
    expect(back.out).toBe('1\n2\n5\n5\n9\n');
    const plain = await cli(['trace', 'convert', 'a', '--to', 'pgt'], { files: { a: LACKEY } });
    expect(plain.out).toBe(gunzipSync(packed).toString('latin1'));
  });

  it('a recording through PGT1 keeps its pages', async () => {
    const files = { ls: fixture('replacement/ls.pgt.gz') };
    const once = await cli(['trace', 'convert', 'ls', '--to', 'pgt', '-o', 'again'], { files });
    const again = { again: Buffer.from(once.files.get('again')!, 'latin1') };
    const before = await cli(['trace', 'convert', 'ls', '--to', 'pages'], { files });
    const after = await cli(['trace', 'convert', 'again', '--to', 'pages'], { files: again });
    // Not toBe: a difference of megabytes is not to be printed.
    expect(after.out === before.out).toBe(true);
    expect(before.out.split('\n')).toHaveLength(603_829 + 1);
  });

  it('unpacks gzip of several members, and zstd', async () => {
    const half = LACKEY.indexOf(' S');
    const members = Buffer.concat([gzipSync(LACKEY.slice(0, half)), gzipSync(LACKEY.slice(half))]);
    const plain = await cli(['trace', 'convert', 'a', '--to', 'din'], { files: { a: LACKEY } });
    expect((await cli(['trace', 'convert', '-', '--to', 'din'], { stdin: members })).out).toBe(plain.out);
    const zipf = { 'zipf.zst': fixture('traces/zipf.oracleGeneral.zst') };
    const { out } = await cli(['trace', 'convert', 'zipf.zst', '--to', 'pages'], { files: zipf });
    const made = await cli(['trace', 'generate', '--like', 'zipf', '-n', '4000', '-m', '500']);
    expect(out).toBe(made.out);
  });
});

describe('broken traces: exit status 2, a clear error, and nothing of the output', () => {
  const gz = gzipSync(LACKEY.repeat(2000));
  const zst = fixture('traces/zipf.oracleGeneral.zst');
  const pgt = gunzipSync(fixture('replacement/ls.pgt.gz'));
  it.each([
    ['an empty file', '', 'MEM-TRC-001', 'the trace is empty'],
    ['packed nothing', gzipSync(''), 'MEM-TRC-001', 'the trace is empty'],
    ['gzip cut short', gz.subarray(0, gz.length - 20), 'MEM-TRC-031', 'the gzip file is cut short after '],
    ['gzip without its end', gz.subarray(0, gz.length - 5), 'MEM-TRC-031', 'the gzip file is cut short after '],
    [
      'gzip with a wrong sum',
      Buffer.concat([gz.subarray(0, -8), Buffer.alloc(8)]),
      'MEM-TRC-031',
      'the checksum is not',
    ],
    ['gzip and then something else', Buffer.concat([gz, Buffer.from('more')]), 'MEM-TRC-031', 'something follows'],
    ['gzip in gzip', gzipSync(gz), 'MEM-TRC-002', 'still compressed (gzip)'],
    [
      'zstd in zstd, behind a frame to skip',
      zstdFrame(Uint8Array.of(0x53, 0x2a, 0x4d, 0x18, 0, 0, 0, 0, ...zst)),
      'MEM-TRC-002',
      'still compressed (zstd)',
    ],
    [
      'zstd with a dictionary',
      Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 1, 0, 7, 1, 0, 0),
      'MEM-TRC-031',
      'with a dictionary',
    ],
    ['zstd cut short', zst.subarray(0, 9999), 'MEM-TRC-031', 'the zstd file is cut short after '],
    ['a negative size', `${LACKEY} S 5008,-8\n`, 'MEM-TRC-007', 'a:6:9'],
    ['a garbage line', `${LACKEY}${LACKEY}Segmentation fault\n`, 'MEM-TRC-003', 'a:11:2'],
    ['an address above 64 bits', `${LACKEY} L 10000000000000000,1\n`, 'MEM-TRC-005', 'a:6:4'],
    ['a wrong record length', Buffer.alloc(50), 'MEM-TRC-030', 'in no format known here'],
    ['half a PGT1', pgt.subarray(0, 300_000), 'MEM-TRC-034', 'references (byte 300000)'],
    ['prose', 'It was a dark and stormy night.\n', 'MEM-TRC-030', '`It was a dark and stormy night.`'],
  ] as const)('%s', async (_name, content, code, says) => {
    const files = { a: content };
    const converted = await cli(['trace', 'convert', 'a', '--to', 'csv-pages', '-o', 'out'], { files });
    expect(converted.code).toBe(2);
    expect(converted.err).toContain(code);
    expect(converted.err).toContain(says);
    expect(converted.err).toContain('--> a');
    expect(converted.files.size).toBe(0);
    for (const command of ['trace info', 'trace run', 'trace simulate -f 4 --csv', 'mrc --csv']) {
      const { code: status, err, out } = await cli([...command.split(' '), 'a'], { files });
      expect([command, status, out]).toEqual([command, 2, '']);
      expect(err).toContain(code);
    }
    for (const command of ['trace info', 'trace simulate -f 4', 'mrc']) {
      const { code: status, out } = await cli([...command.split(' '), 'a', '--json'], { files });
      expect(status).toBe(2);
      expect(JSON.parse(out).errors[0].code).toBe(code);
    }
  });

  it.each([
    ['lackey', LACKEY],
    ['memtrace', '0x10:  8, w\n0x10:  8, r\n'],
    ['perf', 'ls 1 2.5: page-faults: 7fbe8c76c110\n'],
    ['din', 'r 1000 4\nw 2000 4\n'],
    ['csv', 'kind,address\nr,0x10\n'],
    ['csv-pages', 'page,size\n1,4\n'],
    ['pages', '7, 0, 1, 2\n'],
    ['pages-hex', '7f 0 1 2\n'],
    ['pgt', Uint8Array.of(80, 71, 84, 49, 3, 2, 0, 0, 0, 3, 0, 0, 0, 10, 3, 0, 10, 5)],
    [
      'oracle-general',
      Uint8Array.from(
        { length: 48 },
        (_, at) => [1, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 1][at % 24] ?? (at % 24 < 16 ? 0 : 255),
      ),
    ],
  ] as const)('%s, packed and damaged', async (format, content) => {
    const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
    const packedTwice = { gz: gzipSync(bytes), zst: zstdFrame(bytes) };
    const whole = await cli(['trace', 'convert', 'a', '--to', 'pages', '--format', format], { files: { a: bytes } });
    expect(whole.code).toBe(0);
    for (const one of [packedTwice.gz, packedTwice.zst]) {
      const sum = one === packedTwice.gz ? 8 : 4;
      const wrong = Buffer.concat([
        one.subarray(0, one.length - sum),
        Buffer.from(one.subarray(-sum)).map((byte) => byte ^ 1),
      ]);
      const broken = [
        one.subarray(0, one.length - 1),
        one.subarray(0, 12),
        wrong,
        Buffer.concat([one, Buffer.from('more')]),
      ];
      for (const a of broken) {
        const { code, err, files } = await cli(['trace', 'convert', 'a', '--to', 'pages', '-o', 'out'], {
          files: { a },
        });
        expect([code, files.size]).toEqual([2, 0]);
        expect(err).toContain('MEM-TRC-031');
      }
      const { out } = await cli(['trace', 'convert', 'a', '--to', 'pages', '--format', format], { files: { a: one } });
      expect(out).toBe(whole.out);
    }
  });

  it('a record that is cut short in a format that was named', async () => {
    const { code, err } = await cli(['trace', 'info', 'a', '--format', 'oracle-general'], {
      files: { a: new Uint8Array(50) },
    });
    expect(code).toBe(2);
    expect(err).toContain('MEM-TRC-034');
  });

  it('no such file, a folder, an impossible page size', async () => {
    expect((await cli(['trace', 'info', 'nope'])).err).toContain('MEM-CLI-001');
    expect((await cli(['trace', 'info', 'd'], { files: { 'd/a': '' } })).err).toContain('is a folder');
    const odd = await cli(['trace', 'convert', 'a', '--to', 'pgt', '--page-size', '1000'], { files: { a: LACKEY } });
    expect([odd.code, odd.err.includes('MEM-TRC-038')]).toEqual([2, true]);
  });

  it('interrupted, it writes nothing', async () => {
    const files = { a: LACKEY.repeat(500) };
    const result = await cli(['trace', 'convert', 'a', '--to', 'csv', '-o', 'out'], { files, interruptAfter: 2 });
    expect([result.code, result.files.size]).toEqual([130, 0]);
  });
});

describe('trace info', () => {
  it('tells footprint, working set and reuse', async () => {
    const { code, out } = await cli(['trace', 'info', 'a', '--window', '4'], { files: { a: LACKEY } });
    expect(code).toBe(0);
    expect(out).toContain('lackey: valgrind --tool=lackey --trace-mem=yes');
    expect(out).toMatch(/references +4 +1 fetch, 1 load, 1 store, 1 modify/);
    expect(out).toMatch(/footprint +4 +pages of 4KiB, 16KiB: 2 fetched from, 2 read, 2 written/);
    expect(out).toMatch(/mean 2\.4, peak 3/);
    expect(out).toMatch(/first use +4 +80 %/);
  });

  it('as a document', async () => {
    const { out } = await cli(['trace', 'info', '-', '--json'], { stdin: '7, 0, 1, 2, 0' });
    expect(JSON.parse(out)).toMatchObject({
      format: 'pages',
      unit: 'page',
      // A list of pages says nothing of kinds and bytes.
      references: { total: 5, fetches: null, loads: null, stores: null, modifies: null, bytes: null },
      pages: { distinct: 4, pageBytes: null, fetched: null, read: null, written: null },
      reuse: {
        first: 4,
        intervals: [
          { from: 1, to: 2, count: 0 },
          { from: 2, to: 4, count: 1 },
        ],
      },
    });
  });

  it('as a document of addresses with kinds', async () => {
    const { out } = await cli(['trace', 'info', 'a', '--json'], { files: { a: LACKEY } });
    expect(JSON.parse(out)).toMatchObject({
      references: { fetches: 1, loads: 1, stores: 1, modifies: 1 },
      pages: { pageBytes: 4096, fetched: 2, read: 2, written: 2 },
    });
  });

  it('numbers of a list may be addresses', async () => {
    const list = { a: '4096 4097 8192\n' };
    const found = await cli(['trace', 'info', 'a', '--unit', 'address', '--json'], { files: list });
    expect(JSON.parse(found.out).pages.distinct).toBe(2);
  });
});

describe('trace run takes every format', () => {
  it.each([
    ['addresses of DynamoRIO', fixture('traces/memtrace-view.txt'), 6, 3],
    ['pages', '7, 0, 1, 2, 0, 3, 0, 4', 8, 6],
    ['PGT1', Uint8Array.of(80, 71, 84, 49, 3, 2, 0, 0, 0, 3, 0, 0, 0, 10, 3, 0, 10, 5), 3, 2],
    ['a table', 'op,addr\nr,0x10000\nw,0x11000\n', 2, 2],
    ['din', '0 7fff5a8\n1 7fff5b0\n2 430d70\n', 3, 2],
  ])('%s', async (_name, content, references, pages) => {
    const { code, out } = await cli(['trace', 'run', 'a', '--json'], { files: { a: content } });
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ references: { total: references }, pages: { distinct: pages } });
  });

  it('one process of several', async () => {
    const files = { a: 'pid,addr\n1,0x10000\n2,0x10000\n2,0x11000\n' };
    const all = await cli(['trace', 'run', 'a'], { files });
    expect([all.code, all.err.includes('MEM-TRC-013')]).toEqual([2, true]);
    expect(all.err).toMatch(/--process \d+ or --process \d+/);
    const one = await cli(['trace', 'run', 'a', '--process', '2', '--json'], { files });
    expect(JSON.parse(one.out).references.total).toBe(2);
  });
});

describe('trace record', () => {
  it('runs the program behind -- under Valgrind, and packs what Lackey says', async () => {
    const asked: unknown[] = [];
    const { code, err, files } = await cli(['trace', 'record', '--', '/bin/ls', '-l', '-'], {
      program: (program, args, heard) => {
        asked.push(program, ...args);
        heard(binary(LACKEY.slice(0, 30)));
        heard(binary(LACKEY.slice(30)));
        return { status: 1, signal: null };
      },
    });
    expect(asked).toEqual(['valgrind', '--tool=lackey', '--trace-mem=yes', '--log-fd=3', '--', '/bin/ls', '-l', '-']);
    expect([code, err]).toEqual([0, 'ls.lackey.gz: 4 references of /bin/ls\n']);
    expect(gunzipSync(binary(files.get('ls.lackey.gz')!)).toString()).toBe(
      'I  00001ffe,4\n L 00005000,8\n S 00005008,8\n M 00009000,4\n',
    );
  });

  it.each([
    ['Valgrind is not installed', ['--', 'ls'], undefined, 'MEM-TRC-037', 'it is not installed'],
    ['no program', [], undefined, 'MEM-CLI-008', 'mmulator trace record -- ls -l'],
    ['no such program', ['--', 'nope'], { status: 127, signal: null }, 'MEM-TRC-039', 'is there such a program?'],
    ['killed before it began', ['--', 'ls'], { status: null, signal: 'SIGKILL' }, 'MEM-TRC-039', 'SIGKILL'],
  ] as const)('%s', async (_name, words, end, code, says) => {
    const options = end === undefined ? {} : { program: () => end };
    const result = await cli(['trace', 'record', ...words], options);
    expect([result.code, result.files.size]).toEqual([2, 0]);
    expect(result.err).toContain(code);
    expect(result.err).toContain(says);
  });
});
