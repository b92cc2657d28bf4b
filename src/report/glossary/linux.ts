/** Words about Linux's memory manager: its calls, files, reclaim, limits, and the figures of /proc. */
import { type Term, term } from './term.ts';

export const LINUX_TERMS: readonly Term[] = [
  // ── Calls ──
  term(
    'madvise',
    ['advice', 'MADV_WILLNEED', 'MADV_COLD', 'MADV_PAGEOUT', 'MADV_POPULATE_READ', 'MADV_POPULATE_WRITE'],
    'A program tells what it will do with a range: it needs it soon (WILLNEED), not for now (COLD), it may leave memory at once (PAGEOUT), its contents are of no use any more (DONTNEED, FREE).',
    ['MADV_DONTNEED', 'MADV_FREE'],
  ),
  term(
    'MADV_DONTNEED',
    ['dontneed'],
    'The pages of the range are given back at once. The next touch of anonymous memory finds zeros, of a file what the file has.',
    ['madvise', 'MADV_FREE'],
  ),
  term(
    'MADV_FREE',
    ['lazy free', 'LazyFree'],
    'The pages may be taken when memory is short, without being saved. Until then they keep their contents; a write makes a page an ordinary one again.',
    ['MADV_DONTNEED', 'reclaim'],
  ),
  term(
    'mremap',
    ['MREMAP_MAYMOVE', 'MREMAP_FIXED', 'MREMAP_DONTUNMAP'],
    'Makes an area longer or shorter, or moves it: page-table entries go to the new address, no byte is copied.',
    ['mmap', 'VMA'],
  ),
  term(
    'mlock',
    ['mlock2', 'munlock', 'mlockall', 'munlockall', 'locked', 'VM_LOCKED', 'MAP_LOCKED', 'Mlocked', 'VmLck'],
    'Brings the pages of a range into memory and keeps them there: reclaim passes over them. MLOCK_ONFAULT keeps a page from when it is first touched.',
    ['unevictable', 'rlimit'],
  ),
  term(
    'mincore',
    ['residency'],
    'Asks for each page of a range whether a touch would find it in memory: in the page table, the page cache or the swap cache.',
    ['working set', 'page cache'],
  ),
  term('msync', ['MS_SYNC', 'MS_ASYNC', 'MS_INVALIDATE'], 'Writes what was changed in a shared mapping to its file.', [
    'writeback',
  ]),
  term('mseal', ['sealed'], 'A sealed area cannot be unmapped, moved or given other permissions any more: EPERM.', [
    'mprotect',
  ]),
  term(
    'guard marker',
    ['MADV_GUARD_INSTALL', 'guard region'],
    'An entry in the page table that says: any touch here is SIGSEGV. It needs no area of its own, unlike PROT_NONE.',
    ['madvise', 'guard gap'],
  ),
  term(
    'shmget',
    ['shmat', 'shmdt', 'shmctl', 'System V shared memory', 'SysV', 'sysv shared memory', 'segment of shared memory'],
    'System V shared memory: shmget makes a segment, shmat maps it, shmdt unmaps it, shmctl with IPC_RMID lets it end with its last attachment. Until removed it stays, even when nobody has it.',
    ['shared'],
  ),
  term(
    'rlimit',
    [
      'setrlimit',
      'limits',
      'RLIMIT_MEMLOCK',
      'RLIMIT_AS',
      'RLIMIT_DATA',
      'RLIMIT_STACK',
      'RLIMIT_FSIZE',
      'resource limit',
    ],
    'What one process may have at most: of address space, heap, stack, locked memory, size of a file. The soft limit counts; the process may raise it up to the hard one.',
    ['mlock', 'brk'],
  ),
  term(
    'sysctl',
    ['/proc/sys/vm', 'vm sysctl'],
    'A setting of the kernel that an administrator changes while it runs: overcommit_memory, swappiness, max_map_count, page-cluster, …',
    ['overcommit', 'swappiness', 'max_map_count'],
  ),
  term(
    'max_map_count',
    ['number of areas'],
    'How many areas one process may have (65530). A call that would need one more, by a new mapping or by splitting one, is refused with ENOMEM.',
    ['VMA'],
  ),
  // ── Files ──
  term(
    'page cache',
    ['cached', 'file pages', 'drop_caches'],
    'Pages of files that are in memory, whoever read them. A fault on a cached page is minor; a read without one goes to the disk.',
    ['file', 'readahead', 'writeback'],
  ),
  term(
    'tmpfs',
    ['shmem file', 'ramfs'],
    'A file system without a disk: its files live in memory, and in swap when memory is short.',
    ['shared', 'swap'],
  ),
  term(
    'readahead',
    ['read-ahead', 'read ahead', 'fault-around', 'fault around', 'read-around'],
    'Who reads a page probably wants its neighbours: the kernel reads them from disk as well, maps those that are there around a fault, and of swap reads a window of slots (page-cluster).',
    ['page cache', 'swap-in'],
  ),
  term(
    'writeback',
    ['write-back', 'write back', 'fsync', 'dirty page', 'write notification'],
    'Changed pages of a disk’s file are written to it later: by fsync, msync, or when the page is reclaimed. Then the page is clean and mapped read-only, so that the next write is noticed (one minor fault).',
    ['page cache', 'msync', 'dirty bit'],
  ),
  term(
    'hole',
    ['fallocate', 'punch hole', 'sparse file'],
    'A part of a file that was never written, or was punched out: it reads as zeros and has no page of its own.',
    ['page cache'],
  ),
  // ── Reclaim ──
  term(
    'kswapd',
    ['background reclaim'],
    'The kernel’s own thread that makes memory free: woken when no more than the low watermark is free, it stops when more than the high one is.',
    ['watermark', 'direct reclaim'],
  ),
  term(
    'direct reclaim',
    ['allocstall'],
    'At the min watermark the process that wants a page must free some itself, before it gets one.',
    ['kswapd', 'watermark'],
  ),
  term(
    'watermark',
    ['watermarks', 'min_free_kbytes', 'watermark_scale_factor', 'zoneinfo'],
    'Three marks of free memory. Down to low: kswapd is woken. Down to min: whoever wants memory reclaims itself. Above high: kswapd sleeps.',
    ['kswapd', 'direct reclaim'],
  ),
  term(
    'inactive list',
    ['active list', 'active', 'inactive', 'lru list', 'active/inactive list', 'active/inactive', 'two lists'],
    'Linux keeps pages in an active and an inactive list, of anonymous memory and of files. Reclaim takes from the end of the inactive one; a page used twice there goes to the active one.',
    ['LRU', 'refault', 'swappiness'],
  ),
  term(
    'refault',
    ['workingset', 'shadow entry', 'workingset_refault'],
    'A page that comes back after it was evicted. The kernel has noted when it left: if that was not long ago, the page goes straight to the active list.',
    ['inactive list', 'thrashing'],
  ),
  term(
    'swappiness',
    ['vm.swappiness'],
    'How gladly anonymous pages are swapped rather than pages of files dropped, 0 to 200 (60). 0: only when files give nothing more.',
    ['inactive list', 'sysctl'],
  ),
  term(
    'zswap',
    ['swapKind', 'compressed swap'],
    'Swap that keeps pages compressed in memory: a page is written at once and gone from its slot when it is read. A disk writes later, out of the swap cache.',
    ['swap', 'swap-cache'],
  ),
  term(
    'unevictable',
    ['pinned', 'cannot leave'],
    'A page that reclaim must pass over, because it is locked or somebody holds its frame.',
    ['mlock', 'eviction'],
  ),
  term(
    'memory group',
    ['cgroup', 'memory cgroup', 'memcg', 'group', 'memory.limit_in_bytes', 'failcnt'],
    'Processes that share a limit. The group pays for the pages its processes allocate; at its limit it must reclaim from its own, and if that fails one of its processes is killed.',
    ['OOM killer', 'swappiness'],
  ),
  term(
    'oom_score_adj',
    ['oom_score'],
    'From -1000 to 1000, thousandths of memory added to a process’s badness: 1000 is killed first, -1000 never.',
    ['OOM killer'],
  ),
  term(
    'anon_vma',
    ['anonymous vma', 'anon vma'],
    'What areas that may share anonymous pages have in common, from the first write on or by fork: how the kernel finds all who map such a page. Two areas with different ones cannot be merged.',
    ['reverse map', 'VMA', 'copy on write'],
  ),
  // ── /proc ──
  term(
    'smaps',
    ['/proc/pid/smaps', 'smaps_rollup'],
    'For each area of a process how much of it is in memory, by what it is: Rss, Pss, shared, private, dirty, swapped, locked.',
    ['Rss', 'Pss', 'maps'],
  ),
  term(
    'Pss',
    ['proportional set size', 'SwapPss'],
    'A process’s share: of a page that n processes map it counts one nth. The sum over all processes is what they use together.',
    ['Rss', 'smaps'],
  ),
  term(
    'vmstat',
    ['/proc/vmstat', 'pgscan', 'pgsteal', 'pswpin', 'pswpout', 'pgfault', 'pgmajfault'],
    'Counts of the memory manager since boot: faults, pages swapped in and out, looked at and taken by reclaim, …',
    ['kswapd', 'refault'],
  ),
  term(
    'meminfo',
    ['/proc/meminfo', 'MemAvailable', 'Committed_AS', 'CommitLimit'],
    'What the machine’s memory is used for, in kB: free, available, cached, active, inactive, promised.',
    ['vmstat', 'overcommit'],
  ),
  term(
    'pagemap',
    ['/proc/pid/pagemap'],
    'For each page of a process 64 bits: is it in memory, in which frame or slot.',
    ['frame', 'swap'],
  ),
];
