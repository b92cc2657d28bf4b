"""Random traces in the manner of recorded ones.

The mix of operations and the distribution of their arguments are learnt from a family's recordings: an op of a new trace is a
recorded op whose arguments are partly exchanged for those of others of its kind, and whose addresses are mostly moved to where
something is mapped now. That needs the state, so a trace is made while it is recorded.
"""
import json
import random

from observe import PAGE, show
from record import integer
from tracee import ARENA, SCRATCH, SCRATCH_BYTES, TASK_SIZE, TEXT

PROLOGUE = ('file', 'open', 'shmget')
PLACED = ('munmap mprotect mremap madvise mlock mlock2 munlock msync mincore mseal read write rmw touch exec sysread syswrite '
          'remap_file_pages shmdt').split()
INSIDE = (0, 0, 0, 0, 0x8, 0x123, 0xFF8, 0xFFC, 0xFFF)
EXECUTABLE = 0xE00


class Style:
    """What the traces of one family are made of."""

    def __init__(self, traces):
        self.traces = traces
        self.ops = {}
        self.weights = {}
        self.arena = 16
        for trace in traces:
            body = self.body(trace)
            for op in body:
                if op['op'] == 'snap' or 'probe' in op:
                    continue
                self.ops.setdefault(op['op'], []).append(op)
                self.weights[op['op']] = self.weights.get(op['op'], 0) + 1
        self.kinds = list(self.weights)
        self.odds = [self.weights[kind] for kind in self.kinds]

    @staticmethod
    def prologue(trace):
        ops = []
        for op in trace['ops']:
            if op['op'] not in PROLOGUE:
                break
            ops.append(op)
        return ops

    @classmethod
    def body(cls, trace):
        return trace['ops'][len(cls.prologue(trace)):]


def hits_harness(world, op):
    """Would the op change the stub's own text or scratch area?"""
    if op['op'] in ('mincore', 'touch', 'read', 'write', 'rmw', 'exec', 'sysread', 'syswrite', 'brk', 'sbrk'):
        # Its text is nobody's business.
        return op.get('addr', '').startswith(('0x400', 'TEXT', 'HEAP-'))
    for place, length in (('addr', 'len'), ('addr', 'old'), ('naddr', 'new')):
        if place not in op or length not in op:
            continue
        try:
            start = world.address(op[place])
        except LookupError:
            continue
        end = start + (integer(op[length]) & (2**64 - 1))
        for low, high in ((TEXT, TEXT + PAGE), (SCRATCH, SCRATCH + SCRATCH_BYTES)):
            if start < high and end > low:
                return True
    return False


class MatrixGenerator:
    """The layout of a recorded argument matrix, and other combinations of the arguments its probes have."""

    def __init__(self, style, seed):
        self.random = random.Random(seed)
        self.style = style
        template = self.random.choice(style.traces)
        self.layout = [op for op in template['ops'] if 'probe' not in op]
        kind = next(op['op'] for op in template['ops'] if 'probe' in op)
        self.pool = [op for trace in style.traces for op in trace['ops'] if 'probe' in op and op['op'] == kind]
        self.made = 0

    def next(self, world):
        at = self.made
        self.made += 1
        if at < len(self.layout):
            return self.layout[at]
        if at >= len(self.layout) + 200:
            return None
        while True:
            op = dict(self.random.choice(self.pool))
            for key in op:
                other = self.random.choice(self.pool)
                if key in other:
                    op[key] = other[key]
            if '32bit' not in str(op.get('flags', '')) and not hits_harness(world, op):
                return op


class Generator:
    def __init__(self, style, seed):
        self.style = style
        self.random = random.Random(seed)
        self.template = self.random.choice(style.traces)
        self.first = [dict(op) for op in style.prologue(self.template)]
        self.length = len(self.template['ops'])
        self.made = 0
        self.born = 0
        self.bound = 0
        self.focus = None

    def next(self, world):
        """The next op, or None at the end."""
        at = self.made
        self.made += 1
        if at >= self.length:
            return None
        if at < len(self.first):
            return self.first[at]
        if at in (self.length // 2, self.length - 1):
            return {'op': 'snap'}
        rng = self.random
        for _ in range(100):
            op = self.make(world, rng.choices(self.style.kinds, self.style.odds)[0])
            if op is not None:
                return op
        return {'op': 'snap'}

    def make(self, world, kind):
        rng = self.random
        pool = self.style.ops[kind]
        op = dict(rng.choice(pool))
        for key in op:
            # A limit belongs to its resource, the rest may come from elsewhere.
            if kind == 'setrlimit' or key in ('op', 'p', 'as', 'child', 'file', 'fd', 'shm') or rng.random() < 0.6:
                continue
            other = rng.choice(pool)
            if key in other:
                op[key] = other[key]
        if '32bit' in str(op.get('flags', '')):
            return None
        if kind in ('file', 'shmget'):
            return op if rng.random() < 0.1 else None
        if 'file' in op and not str(op['file']).startswith('@'):
            if not world.files:
                return None
            op['file'] = rng.choice(list(world.files))
        if 'fd' in op and kind != 'open' and str(op['fd']).lstrip('-').isalnum() and not str(op['fd']).lstrip('-').isdigit():
            if not world.descriptors:
                return None
            op['fd'] = rng.choice(list(world.descriptors))
        if 'shm' in op:
            if not world.segments:
                return None
            op['shm'] = rng.choice(list(world.segments))
        process = self.process(world, op)
        if kind == 'fork':
            if len(world.processes) >= 6:
                return None
            self.born += 1
            op['child'] = f'P{self.born}'
        elif kind == 'exit' and (len(world.processes) == 1 or process == 'P0' and rng.random() < 0.95):
            return None
        if 'as' in op:
            op['as'] = chr(ord('A') + self.bound % 8)
            self.bound += 1
        if 'addr' in op and kind in PLACED:
            op['addr'] = self.place(world, process, op['addr'], kind)
        elif kind == 'mmap' and 'addr' in op and rng.random() < 0.6:
            op['addr'] = self.target(world, process)
        if 'naddr' in op and op['naddr'] not in (0, '0x0') and rng.random() < 0.6:
            op['naddr'] = self.target(world, process)
        if kind == 'mremap' and rng.random() < 0.35:
            op['old'] = self.length_at(world, process, op['addr'], op['old'])
            if rng.random() < 0.6:
                op['new'] = op['old']
        elif kind in PLACED and 'len' in op and kind not in ('sysread', 'syswrite') and rng.random() < 0.25:
            op['len'] = self.length_at(world, process, op['addr'], op['len'])
        return None if hits_harness(world, op) else op

    def process(self, world, op):
        names = list(world.processes)
        if not names:
            names = ['P0']
        if self.focus not in names or self.random.random() < 0.2:
            self.focus = self.random.choice(names)
        name = self.focus if self.random.random() < 0.85 else self.random.choice(names)
        op.pop('p', None)
        if name != 'P0':
            op['p'] = name
        return name

    def areas(self, world, process):
        return [area for area in world.areas.get(process, []) if area[1] <= TASK_SIZE and area[4] != 'stack' or self.random.random() < 0.05]

    def place(self, world, process, recorded, kind):
        """An address for an op that acts on what is mapped."""
        rng = self.random
        areas = self.areas(world, process)
        if not areas or rng.random() < 0.15:
            return recorded
        start, end, *_ = rng.choice(areas)
        pages = min((end - start) // PAGE, 64)
        which = rng.random()
        if which < 0.35:
            address = start
        elif which < 0.8:
            address = start + rng.randrange(pages) * PAGE
        elif which < 0.88:
            address = end - PAGE
        elif which < 0.94:
            address = end
        else:
            address = max(start - PAGE * rng.randrange(1, 4), PAGE)
        if kind == 'exec':
            address += EXECUTABLE
        elif kind in ('read', 'write', 'rmw'):
            address += rng.choice(INSIDE)
        elif rng.random() < 0.02:
            address += rng.choice((1, 8, 0x800, 0xFFF))
        return show(address)

    def target(self, world, process):
        """Where a mapping goes: in or beside what is mapped, or anywhere in the part of the arena that the family uses."""
        rng = self.random
        areas = [area for area in self.areas(world, process) if ARENA <= area[0] < ARENA + (1 << 40)]
        if not areas or rng.random() < 0.4:
            return show(ARENA + rng.randrange(24) * PAGE)
        start, end, *_ = rng.choice(areas)
        choices = (start, end, end - PAGE, start - PAGE, start + rng.randrange(min((end - start) // PAGE, 64)) * PAGE)
        return show(max(rng.choice(choices), ARENA))

    def length_at(self, world, process, text, recorded):
        """To the end of the area there, or over it."""
        try:
            address = world.address(text)
        except LookupError:
            return recorded
        for start, end, *_ in world.areas.get(process, []):
            if start <= address < end and end - address < 1 << 32:
                return max(end - address + self.random.choice((0, 0, 0, PAGE, -PAGE, PAGE * 3)), PAGE)
        return recorded


def tags_of(ops):
    tags = set()
    for op in ops:
        tags.add(op['op'])
        if op['op'] in ('mmap', 'mremap'):
            for part in str(op.get('flags', '')).split('|'):
                if part[:1].isalpha():
                    tags.add(f'{op["op"]}:{part}')
        if op['op'] == 'madvise':
            tags.add(f'adv:{op["advice"]}')
        if 'fs' in op:
            tags.add(f'fs:{op["fs"]}')
    return sorted(tags)
