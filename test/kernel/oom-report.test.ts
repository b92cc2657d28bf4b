/** The OOM killer's report, line for line against Linux's (shared/reference/linux-samples; a 6.18.41 log for the global one). */
import { describe, expect, it } from 'vitest';
import { MAP_ANONYMOUS, MAP_FIXED, MAP_PRIVATE, PROT_READ, PROT_WRITE } from '../../src/kernel/linux-abi.ts';
import { Machine } from '../../src/machine/machine.ts';

const PAGE = 4096;
const ARENA = 0x100000000000;

/** Figures out of the text, so that what is left is the format: numbers as `#`, runs of blanks kept as they are. */
const shapeOf = (line: string): string => line.replace(/^\[ *\d+\.\d+\] /, '').replace(/\d+/g, '#');

/** Columns of the task table: widths matter, figures do not. */
const widthsOf = (line: string): number[] => [...line.matchAll(/ *\S+/g)].map(([cell]) => cell.length);

/** shared/reference/linux-samples/oom-memcg-dmesg.txt, without the CPU's state. */
const GROUP_SAMPLE = `stub invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0
memory: usage 2048kB, limit 2048kB, failcnt 2227
memory+swap: usage 2048kB, limit 9007199254740988kB, failcnt 0
kmem: usage 140kB, limit 9007199254740988kB, failcnt 0
Memory cgroup stats for /vmor:
cache 0
rss 1953792
rss_huge 0
shmem 0
mapped_file 0
dirty 0
writeback 0
workingset_refault_anon 15354
workingset_refault_file 150
swap 0
swapcached 0
pgpgin 370093
pgpgout 369626
pgfault 1950746
pgmajfault 17918
inactive_anon 1855488
active_anon 0
inactive_file 0
active_file 0
unevictable 0
hierarchical_memory_limit 2097152
hierarchical_memsw_limit 9223372036854771712
total_cache 0
total_rss 1953792
total_rss_huge 0
total_shmem 0
total_mapped_file 0
total_dirty 0
total_writeback 0
total_workingset_refault_anon 15354
total_workingset_refault_file 150
total_swap 0
total_swapcached 0
total_pgpgin 370093
total_pgpgout 369626
total_pgfault 1950746
total_pgmajfault 17918
total_inactive_anon 1855488
total_active_anon 0
total_inactive_file 0
total_active_file 0
total_unevictable 0
Tasks state (memory values in pages):
[  pid  ]   uid  tgid total_vm      rss rss_anon rss_file rss_shmem pgtables_bytes swapents oom_score_adj name
[    720] 65534   720     1217        0        0        0         0    24576        0             0 stub
[    722] 65534   722     1217      448      448        0         0    36864        0             0 stub
oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,oom_memcg=/vmor,task_memcg=/vmor,task=stub,pid=722,uid=65534
Memory cgroup out of memory: Killed process 722 (stub) total-vm:4868kB, anon-rss:1792kB, file-rss:0kB, shmem-rss:0kB, UID:65534 pgtables:36kB oom_score_adj:0`.split(
  '\n',
);

/** A log of 6.18.41 on a machine with one more zone below, whose lines are left out. */
const GLOBAL_SAMPLE =
  `cc1plus invoked oom-killer: gfp_mask=0x140dca(GFP_HIGHUSER_MOVABLE|__GFP_ZERO|__GFP_COMP), order=0, oom_score_adj=0
Mem-Info:
active_anon:470546 inactive_anon:3378958 isolated_anon:0
                active_file:1255 inactive_file:2066 isolated_file:0
                unevictable:0 dirty:0 writeback:0
                slab_reclaimable:39748 slab_unreclaimable:41974
                mapped:25372 shmem:159453 pagetables:14248
                sec_pagetables:257 bounce:0
                kernel_misc_reclaimable:0
                free:45191 free_pcp:941 free_cma:0
Node 0 active_anon:1882184kB inactive_anon:13515832kB active_file:5344kB inactive_file:8264kB unevictable:0kB isolated(anon):0kB isolated(file):0kB mapped:101488kB dirty:0kB writeback:0kB shmem:637812kB shmem_thp:0kB shmem_pmdmapped:0kB anon_thp:9394176kB kernel_stack:13248kB pagetables:56992kB sec_pagetables:1028kB all_unreclaimable? no Balloon:0kB
Node 0 Normal free:105428kB boost:61440kB min:121952kB low:137080kB high:152208kB reserved_highatomic:0KB free_highatomic:0KB active_anon:1663488kB inactive_anon:11856424kB active_file:5100kB inactive_file:7352kB unevictable:0kB writepending:0kB zspages:0kB present:14680064kB managed:14333152kB mlocked:0kB bounce:0kB free_pcp:512kB local_pcp:0kB free_cma:0kB
lowmem_reserve[]: 0 0 0 0 0
Node 0 Normal: 1404*4kB (UME) 521*8kB (UME) 1149*16kB (UME) 902*32kB (UME) 401*64kB (UE) 131*128kB (UE) 26*256kB (UE) 0*512kB 0*1024kB 0*2048kB 0*4096kB = 106120kB
Node 0 hugepages_total=0 hugepages_free=0 hugepages_surp=0 hugepages_size=2048kB
163699 total pagecache pages
0 pages in swap cache
Free swap  = 0kB
Total swap = 0kB
4177814 pages RAM
0 pages HighMem/MovableOnly
104114 pages reserved
0 pages cma reserved
0 pages hwpoisoned
Tasks state (memory values in pages):
[  pid  ]   uid  tgid total_vm      rss rss_anon rss_file rss_shmem pgtables_bytes swapents oom_score_adj name
[  10046]  1000 10046     2015      196       48      148         0    53248        0             0 deps.sh
oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=1,mems_allowed=0,global_oom,task_memcg=/1,task=brave,pid=4511,uid=1000
Out of memory: Killed process 4511 (brave) total-vm:55045028kB, anon-rss:24580kB, file-rss:2576kB, shmem-rss:0kB, UID:1000 pgtables:884kB oom_score_adj:200`.split(
    '\n',
  );

function fill(machine: Machine, pid: number, pages: number) {
  const process = machine.process(pid)!;
  const prot = PROT_READ | PROT_WRITE;
  const flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
  machine.mmap(process, { address: ARENA, length: pages * PAGE, prot, flags });
  for (let page = 0; page < pages && process.state === 'running'; page++) {
    machine.store(process, ARENA + page * PAGE, 1);
  }
  return process;
}

const isCpuLine = (line: string): boolean => line.includes('CPU: ');
const isTask = (line: string): boolean => /^\[ *\d+\] +\d+ /.test(line);

describe('a memory group at its limit', () => {
  const machine = new Machine({ paging: 'x86_64', memory: 16 << 20 });
  machine.groups.create('vmor');
  const parent = machine.spawn({ name: 'stub', image: { stack: PAGE } });
  machine.groups.move(parent, 'vmor');
  machine.groups.setLimit('vmor', 2 << 20);
  const child = machine.fork(parent, 'stub');
  const victim = fill(machine, typeof child === 'number' ? 0 : child.pid, 1200);
  const report = machine.kernelLog.filter((line) => !isCpuLine(line));

  it('every line has the sample’s shape', () => {
    expect(victim.signal).toBe('SIGKILL');
    expect(
      report
        .map(shapeOf)
        .map((line) => (isTask(line) ? 'task' : line))
        .filter((line) => !/^\[ *#\]/.test(line)),
    ).toEqual(GROUP_SAMPLE.map(shapeOf).filter((line) => !/^\[ *#\]/.test(line)));
  });

  it('rows of tasks have the sample’s columns', () => {
    const rows = report.map((line) => line.replace(/^\[ *\d+\.\d+\] /, '')).filter(isTask);
    expect(rows).toHaveLength(2);
    // The uid is shorter than the sample's.
    for (const row of rows)
      expect(widthsOf(row.replace(' 1000 ', '65534 '))).toEqual(widthsOf(GROUP_SAMPLE.find(isTask)!));
  });

  it('its figures add up: usage is user pages and tables, at the limit', () => {
    const value = (name: string) => Number(report.find((line) => line.includes(` ${name} `))!.match(/(\d+)$/)![1]);
    const kmem = Number(report.find((line) => line.includes('kmem: '))!.match(/usage (\d+)kB/)![1]);
    expect(value('rss') / 1024 + kmem).toBe(2048);
    expect(value('rss')).toBe(value('inactive_anon') + value('active_anon'));
    expect(value('pgpgin') - value('pgpgout')).toBe(value('rss') / PAGE);
    expect(value('pgfault')).toBeGreaterThan(400);
  });
});

describe('all memory used', () => {
  it.each(['fifo', 'clock'])('the report has Linux’s lines, under %s', (replacement) => {
    const machine = new Machine({ paging: 'x86_64', memory: 1 << 20, replacement, overcommit: 1 });
    const process = machine.spawn({ name: 'a-name-longer-than-15', image: { stack: PAGE } });
    machine.spawn({ name: 'idle', image: { stack: PAGE } });
    machine.tick();
    fill(machine, process.pid, 300);
    expect(process.signal).toBe('SIGKILL');
    const report = machine.kernelLog.filter((line) => !isCpuLine(line));
    expect(report[0]).toMatch(/^\[ {4}1\.000\d{3}\] a-name-longer-t invoked/);
    const kinds = (line: string) =>
      line
        .replace(/\([UMECH]+\) /g, '')
        .replace(/cpuset=[^,]*/, '')
        .replace(/task_memcg=[^,]*/, '');
    const shape = (lines: readonly string[]) =>
      lines
        .map((line) => kinds(shapeOf(line.replace(/a-name-longer-t|cc1plus|brave/g, 'NAME'))))
        .filter((line) => !/^\[ *#\]/.test(line))
        .map((line) => line.trimStart());
    expect(shape(report)).toEqual(shape(GLOBAL_SAMPLE));
    expect(report.filter((line) => isTask(line.slice(15)))).toHaveLength(2);
  });

  it('nobody to kill: the report ends there', () => {
    const machine = new Machine({ paging: 'x86_64', memory: 1 << 20, overcommit: 1 });
    const process = machine.spawn({ name: 'p', image: { stack: PAGE } });
    process.oomScoreAdj = -1000;
    fill(machine, process.pid, 300);
    expect(machine.kernelLog.at(-1)).toMatch(/Out of memory and no killable processes\.\.\.$/);
  });
});

describe('badness', () => {
  it('oom_score_adj is in thousandths of the limit of a full group, of all memory otherwise', () => {
    const machine = new Machine({ paging: 'x86_64', memory: 64 << 20 });
    machine.groups.create('g');
    const big = machine.spawn({ name: 'big', image: { stack: PAGE } });
    const small = machine.spawn({ name: 'small', image: { stack: PAGE } });
    for (const process of [big, small]) machine.groups.move(process, 'g');
    machine.groups.setLimit('g', 8 << 20);
    // 200 thousandths of 2,048 pages are 400 (of 16,384 they would be 3,200).
    small.oomScoreAdj = 200;
    fill(machine, small.pid, 400);
    fill(machine, big.pid, 2000);
    expect(big.signal).toBe('SIGKILL');
    expect(small.state).toBe('running');
  });
});

describe('__vm_enough_memory', () => {
  it('tells of every promise refused', () => {
    const machine = new Machine({ paging: 'x86_64', memory: 1 << 20 });
    const process = machine.spawn({ name: 'stub', image: { stack: PAGE } });
    const length = 2 ** 40;
    const flags = MAP_PRIVATE | MAP_ANONYMOUS;
    expect(machine.mmap(process, { length, prot: PROT_READ | PROT_WRITE, flags })).toBeLessThan(0);
    expect(machine.kernelLog.map((line) => line.slice(15))).toEqual([
      `__vm_enough_memory: pid: ${process.pid}, comm: stub, bytes: 1099511627776 not enough memory for the allocation`,
    ]);
  });
});

it('the log keeps the newest entries, and a snapshot keeps the log', () => {
  const machine = new Machine({ paging: 'x86_64', memory: 1 << 20 });
  for (let entry = 0; entry < 1500; entry++) machine.kernel.log.append(`entry ${entry}`);
  const lines = machine.kernelLog;
  expect(lines).toHaveLength(1024);
  expect(lines[0]).toMatch(/entry 476$/);
  expect(lines.at(-1)).toMatch(/entry 1499$/);
  const snapshot = machine.snapshot();
  machine.kernel.log.append('later');
  machine.restore(snapshot);
  expect(machine.kernelLog).toEqual(lines);
});
