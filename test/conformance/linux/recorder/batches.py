"""batches.py OUT.jsonl: records which calls drain the kernel's per-CPU batches (src/kernel/frames/lru-batches.ts).

A page leaves a locked area while another process still maps it, so that a batch holds it; then something happens; then the other
process writes the page. A copy (`A>A!`) says that the batch was not drained, reuse (`A>A=`) that it was.
"""
import json
import sys

import recording_place
from generate import tags_of
from rerecord import record


def call(op, at=None, pages=1, **more):
    where = {} if at is None else {'addr': f'ARENA+{at:#x}', 'len': 4096 * pages}
    return {'op': op, **where, **more}


def area(at, pages=1, prot='rw', flags='private|anon|fixed', **more):
    return call('mmap', at, pages, prot=prot, flags=flags, **more)


def write(at, **more):
    return {'op': 'write', 'addr': f'ARENA+{at:#x}', 'val': 1, **more}


WORLD = [
    {'op': 'file', 'file': 'F', 'fs': 'tmpfs', 'size': 16384, 'fill': 'pattern'},
    {'op': 'open', 'fd': 'f', 'file': 'F', 'mode': 'rw'},
    {'op': 'file', 'file': 'E', 'fs': 'ext4', 'size': 16384, 'fill': 'pattern'},
    {'op': 'open', 'fd': 'e', 'file': 'E', 'mode': 'rw'},
    area(0x10000, 4), call('touch', 0x10000, 4, rw='w'),
    area(0x20000, 4, flags='shared|fixed', fd='f'), call('touch', 0x20000, 4, rw='r'),
    area(0x30000, 4, flags='shared|anon|fixed'), call('touch', 0x30000, 4, rw='w'),
    area(0x40000, 8), area(0x48000, 4, flags='shared|fixed', fd='e'), call('touch', 0x48000, 4, rw='w'),
]
HELD = [area(0, 4), write(0), write(0x1000), call('mlock', 0), call('fork', child='P1'), call('munmap', 0)]
ADVICE = ('NORMAL RANDOM WILLNEED DONTNEED FREE DONTFORK WIPEONFORK COLD PAGEOUT POPULATE_READ POPULATE_WRITE DONTNEED_LOCKED '
          'GUARD_INSTALL').split()

BETWEEN = {
    'nothing': [],
    **{f'madvise {name}': [call('madvise', 0x10000, advice=name)] for name in ADVICE},
    'madvise WILLNEED of tmpfs': [call('madvise', 0x20000, advice='WILLNEED')],
    'madvise WILLNEED of ext4': [call('madvise', 0x48000, advice='WILLNEED')],
    'madvise REMOVE': [call('madvise', 0x30000, advice='REMOVE')],
    'madvise POPULATE_READ of a hole': [call('madvise', 0x60000, advice='POPULATE_READ')],
    'mlock': [call('mlock', 0x10000)],
    'munlock of what is not locked': [call('munlock', 0x10000)],
    'populate': [area(0x60000, flags='private|anon|populate|fixed')],
    'populate without rights': [area(0x60000, prot='none', flags='private|anon|populate|fixed')],
    'munmap': [call('munmap', 0x10000, 4)],
    'mremap': [{'op': 'mremap', 'addr': 'ARENA+0x10000', 'old': 4096, 'new': 8192, 'flags': 'maymove'}],
    'fork and exit': [call('fork', child='P5'), call('exit', p='P5', code=0)],
    'exit with shared memory of its own': [
        call('fork', child='P5'), area(0x60000, 2, flags='shared|anon|fixed', p='P5'),
        call('touch', 0x60000, 2, rw='w', p='P5'), call('exit', p='P5', code=0)],
    'reuse of a page that is on no list': [
        write(0x40000), call('fork', child='P5'), call('exit', p='P5', code=0), write(0x40000)],
    'msync of ext4': [call('msync', 0x48000, 4, flags='sync')],
    'ftruncate': [{'op': 'ftruncate', 'file': 'F', 'size': 4096}],
    'ftruncate within the last page': [{'op': 'ftruncate', 'file': 'F', 'size': 16000}],
    'punch': [{'op': 'punch', 'file': 'E', 'off': 0, 'len': 8192}],
    'dropcache': [{'op': 'dropcache', 'file': 'E'}],
}
SHARED_THEN_ALONE = [call('fork', child='P1'), call('munmap', 0), write(0, p='P1')]
DRAIN = [area(0x90000, flags='private|anon|populate|fixed')]
PEEK = [{'op': 'peek', 'addr': 'ARENA+0x0'}]
WHOLE = {
    'MADV_FREE holds': [area(0, 4), write(0), call('madvise', 0, advice='FREE'), *SHARED_THEN_ALONE],
    'MADV_FREE drained': [area(0, 4), write(0), call('madvise', 0, advice='FREE'), *DRAIN, *SHARED_THEN_ALONE],
    'MADV_COLD of an inactive page': [area(0, 4), write(0), call('madvise', 0, advice='COLD'), *SHARED_THEN_ALONE],
    'activation holds': [area(0, 4), write(0), *DRAIN, *PEEK, *PEEK, *SHARED_THEN_ALONE],
    'activation of a new page': [area(0, 4), write(0), *PEEK, *PEEK, *SHARED_THEN_ALONE],
    'MADV_COLD of an active page': [
        area(0, 4), write(0), *DRAIN, *PEEK, *PEEK, *DRAIN, call('madvise', 0, advice='COLD'), *SHARED_THEN_ALONE],
    'copy of a locked page': [area(0, 4), write(0), call('mlock', 0), call('fork', child='P1'), write(0), write(0, p='P1')],
}
for extra in (29, 30):
    WHOLE[f'batch of locks: {extra} more'] = [
        area(0, 4), write(0), area(0x200000, 64), call('setrlimit', res='MEMLOCK', val=8388608),
        call('mlock2', 0x200000, 64, flags='onfault'), call('mlock', 0), call('fork', child='P1'), call('munmap', 0),
        call('touch', 0x200000, extra, rw='w'), write(0, p='P1')]
    WHOLE[f'batch of new pages: {extra} more'] = [
        *HELD, area(0x50000), write(0x50000), area(0x100000, 64), call('touch', 0x100000, extra, rw='w'),
        call('fork', child='P5'), call('exit', p='P5', code=0), write(0x50000), write(0, p='P1')]


def main():
    traces = {name: [*WORLD, *HELD, *between, write(0, p='P1')] for name, between in BETWEEN.items()} | WHOLE
    with recording_place.place() as place, open(sys.argv[1], 'w') as out:
        for number, (note, ops) in enumerate(traces.items()):
            trace = {'trace': f'batches-{number:02}', 'family': 'fresh', 'note': note, 'tags': tags_of(ops), 'ops': ops}
            recorded = record(place, trace)
            again = record(place, trace)
            print(json.dumps(recorded), file=out)
            print(note, recorded['results'][-1].get('pg'), '' if again['results'] == recorded['results'] else 'UNSTEADY')


if __name__ == '__main__':
    main()
