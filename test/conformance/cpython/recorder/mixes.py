"""Programs for the three domains, made from a seed: each mix yields ops as tuples.

('malloc', domain, id, size)  ('calloc', domain, id, nelem, elsize)  ('realloc', domain, id, size)  ('free', domain, id)
"""
import os
import random
import subprocess

DOMAINS = ('raw', 'mem', 'obj')
SIZE_MAX = 2**64 - 1
SSIZE_MAX = 2**63 - 1
KIND_OF = {'m': 'malloc', 'c': 'calloc', 'r': 'realloc', 'f': 'free'}
DOMAIN_OF = {'r': 'raw', 'm': 'mem', 'o': 'obj'}


class Heap:
    """Ids of live blocks and the domain each belongs to; what an op does to them if nothing is refused."""

    def __init__(self, rng):
        self.rng = rng
        self.live = []
        self.domain = {}
        self.next = 1

    def take(self, domain, size, calloc=0.1):
        number = self.next
        self.next += 1
        self.domain[number] = domain
        self.live.append(number)
        if self.rng.random() < calloc:
            return ('calloc', domain, number, *split(self.rng, size))
        return ('malloc', domain, number, size)

    def resize(self, number, size):
        return ('realloc', self.domain[number], number, size)

    def drop(self, number):
        self.live.remove(number)
        return ('free', self.domain.pop(number), number)

    def drop_at(self, index):
        """As drop, without looking for it: the last live one moves to its place."""
        number = self.live[index]
        self.live[index] = self.live[-1]
        self.live.pop()
        return ('free', self.domain.pop(number), number)

    def any_index(self):
        return self.rng.randrange(len(self.live))


def split(rng, size):
    factors = [f for f in (1, 2, 3, 4, 7, 8, 16, 24, 32) if size % f == 0]
    one = rng.choice(factors)
    return (one, size // one) if rng.random() < 0.5 else (size // one, one)


def domain_for(rng):
    return rng.choices(DOMAINS, (1, 4, 8))[0]


PROGRAMS = (
    'd = [{str(i + %d): [i] * (i %% 7)} for i in range(2000)]\ndel d[::2]\ne = [repr(x) for x in d]\n',
    'import json\ns = json.dumps([{"n": i, "v": "x" * (i * %d %% 90)} for i in range(900)])\n'
    'o = json.loads(s)\ndel s\n',
    'import re, collections\nc = collections.Counter(re.findall("[a-z]+", re.__doc__ * (%d %% 5 + 1)))\n'
    'q = sorted(c)\n',
    'class A:\n def __init__(self, n): self.n = n; self.k = [n]\nl = [A(i + %d) for i in range(3000)]\nl = l[::3]\n',
    'x = []\nfor i in range(4000):\n x.append(str(i * %d) * (i %% 13))\n if i %% 5 == 0: x.pop(0)\n',
)


def real(rng, count, capture, libpython):
    """What a running interpreter asks for, from a point on: frees of what came before are frees of no block."""
    program = rng.choice(PROGRAMS) % rng.randrange(1, 1000)
    skip = rng.choice((0, 0, rng.randrange(60000)))
    home = os.path.dirname(os.path.dirname(libpython))
    text = subprocess.run([capture, libpython, str(skip + count), program], check=True, capture_output=True, text=True,
                          env={'PYTHONHOME': home, 'PYTHONHASHSEED': str(rng.randrange(1000))}).stdout
    lines = text.splitlines()[-count:]
    for line in lines:
        kind, letter, *numbers = line.split()
        yield (KIND_OF[kind], DOMAIN_OF[letter], *map(int, numbers))


def python(rng, count):
    heap = Heap(rng)
    common = [rng.choice((16, 24, 28, 32, 40, 48, 49, 56, 64, 72, 80, 104, 136, 152, 232, 416, 512)) for _ in range(6)]
    grows = rng.choice((0.52, 0.6, 0.75))
    for _ in range(count):
        dice = rng.random()
        if not heap.live or dice < grows:
            size = rng.choice(common) if rng.random() < 0.8 else int(rng.expovariate(1 / 180))
            yield heap.take(domain_for(rng), size, 0.05)
        elif dice < grows + 0.08:
            yield heap.resize(heap.live[heap.any_index()], int(rng.expovariate(1 / 200)))
        elif rng.random() < 0.7:
            # Most die young.
            yield heap.drop_at(max(0, len(heap.live) - 1 - int(rng.expovariate(1 / 8))))
        else:
            yield heap.drop_at(heap.any_index())


def lifofifo(rng, count):
    heap = Heap(rng)
    done = 0
    while done < count:
        sizes = [rng.randrange(1, 513) for _ in range(rng.randrange(1, 4))]
        batch = []
        for _ in range(rng.randrange(1, max(2, min(3000, count // 3)))):
            op = heap.take(domain_for(rng), rng.choice(sizes), 0.02)
            batch.append(op[2])
            yield op
            done += 1
            if done == count:
                return
        keep = rng.choice((0, 0, 1, len(batch) // 3))
        order = batch if rng.random() < 0.5 else batch[::-1]
        for number in order[keep:]:
            yield heap.drop(number)
            done += 1
            if done == count:
                return


def uniform(rng, count):
    heap = Heap(rng)
    grows = rng.choice((0.45, 0.55, 0.7))
    for _ in range(count):
        dice = rng.random()
        if not heap.live or dice < grows:
            yield heap.take(domain_for(rng), rng.randrange(2001))
        elif dice < grows + 0.15:
            yield heap.resize(heap.live[heap.any_index()], rng.randrange(2001))
        else:
            yield heap.drop_at(heap.any_index())


def phases(rng, count):
    """Arenas filled from end to end, then emptied in some order, again and again."""
    heap = Heap(rng)
    done = 0
    while done < count:
        size = rng.choice((512, 512, 500, 400, 256, rng.randrange(300, 513), rng.randrange(64, 513)))
        batch = []
        for _ in range(rng.randrange(count // 6 + 1, count // 2 + 2)):
            number = heap.take('obj' if rng.random() < 0.9 else 'mem', size if rng.random() < 0.97 else 16, 0)
            batch.append(number[2])
            yield number
            done += 1
            if done == count:
                return
        order = rng.choice(('asc', 'desc', 'random', 'striped', 'blocks'))
        if order == 'desc':
            batch.reverse()
        elif order == 'random':
            rng.shuffle(batch)
        elif order == 'striped':
            step = rng.choice((2, 3, 7, 31, 32, 63))
            batch = [number for start in range(step) for number in batch[start::step]]
        elif order == 'blocks':
            run = rng.choice((7, 31, 200, 500))
            runs = [batch[at:at + run] for at in range(0, len(batch), run)]
            rng.shuffle(runs)
            batch = sum(runs, [])
        for number in batch[:len(batch) - rng.choice((0, 0, 1, len(batch) // 5))]:
            yield heap.drop(number)
            done += 1
            if done == count:
                return


def growth(rng, count):
    """More arenas than the vector of descriptors starts with, and, while some go, more again."""
    heap = Heap(rng)
    size = rng.choice((497, 512, 512, 464))
    for _ in range(count):
        wanted = count * 0.75
        if not heap.live or rng.random() < (0.995 if len(heap.live) < wanted else 0.3):
            yield heap.take(rng.choice(('mem', 'obj')), size if rng.random() < 0.999 else rng.randrange(1, 513), 0.01)
        else:
            # The oldest ones, so that whole arenas empty.
            yield heap.drop_at(rng.randrange(min(len(heap.live), 600)))


def realloc(rng, count):
    heap = Heap(rng)
    last = {}
    for _ in range(count):
        dice = rng.random()
        if not heap.live or dice < 0.15:
            size = rng.choice((rng.randrange(1, 513), 16 * rng.randrange(1, 33), 500 + rng.randrange(30)))
            op = heap.take(domain_for(rng), size)
            last[op[2]] = size
            yield op
        elif dice < 0.25:
            yield heap.drop_at(heap.any_index())
        else:
            number = heap.live[heap.any_index()]
            held = (last[number] + 15) // 16 * 16
            quarter = held * 3 // 4
            size = rng.choice((held, held + 1, quarter, quarter + 1, max(0, quarter - 1), last[number] * 2,
                               last[number] // 2, 512, 513, 511, 488, 489, 487, 480, 481, 0, 1, rng.randrange(2001)))
            size = min(size, 100000)
            last[number] = size
            yield heap.resize(number, size)


def edges(rng, count, raw_limit):
    """Absurd sizes, sizes about every limit, blocks that are not there."""
    heap = Heap(rng)
    limit = [raw_limit + d for d in (-48, -33, -32, -25, -24, -1, 0, 1, 24, 32) if raw_limit + d >= 0]
    sizes = [0, 1, 2, 15, 16, 17, 487, 488, 489, 479, 480, 481, 495, 496, 497, 511, 512, 513, 2**53 - 1, 2**53,
             2**53 + 1, 2**62, SSIZE_MAX - 49, SSIZE_MAX - 48, SSIZE_MAX - 47, SSIZE_MAX - 33, SSIZE_MAX - 32,
             SSIZE_MAX - 31, SSIZE_MAX - 25, SSIZE_MAX - 24,
             SSIZE_MAX - 23, SSIZE_MAX - 1, SSIZE_MAX, SSIZE_MAX + 1, SIZE_MAX - 48, SIZE_MAX - 1, SIZE_MAX] + limit
    pairs = [(0, 0), (0, 1), (1, 0), (0, SIZE_MAX), (SIZE_MAX, 0), (SSIZE_MAX, 0), (0, SSIZE_MAX), (1, SSIZE_MAX),
             (SSIZE_MAX, 1), (1, SIZE_MAX), (SIZE_MAX, 1), (2, 2**62), (2**62, 2), (2**62 - 1, 2), (2, 2**62 - 1),
             (3, SSIZE_MAX // 3), (SSIZE_MAX // 3, 3), (SSIZE_MAX // 3 + 1, 3),
             (2**32, 2**31), (2**32, 2**31 - 1), (2**31, 2**32), (2**32, 2**32), (2**33, 2**31), (512, 1), (1, 512),
             (513, 1), (27, 19), (2**53, 1), (2**26, 2**27), (2**27 + 1, 2**27 - 1), (94906267, 94906267),
             (3037000499, 3037000499), (3037000500, 3037000500), (7, 1317624576693539401)]
    for _ in range(count):
        dice = rng.random()
        live = heap.live and rng.random() < 0.8
        absent = heap.next + rng.randrange(5)
        if dice < 0.35:
            yield heap.take(domain_for(rng), rng.choice(sizes) if rng.random() < 0.6 else rng.randrange(600), 0)
        elif dice < 0.55:
            op = heap.take(domain_for(rng), 0, 0)
            yield ('calloc', op[1], op[2], *rng.choice(pairs))
        elif dice < 0.8:
            size = rng.choice(sizes) if rng.random() < 0.6 else rng.randrange(600)
            if live:
                yield heap.resize(heap.live[heap.any_index()], size)
            else:
                heap.next = absent + 1
                domain = domain_for(rng)
                heap.live.append(absent)
                heap.domain[absent] = domain
                yield ('realloc', domain, absent, size)
        elif live:
            yield heap.drop_at(heap.any_index())
        else:
            yield ('free', domain_for(rng), absent + 100000)


def through_others(rng, ops, share):
    """The same, but a share of the frees and reallocs through another domain: mem and obj do not tell each other's
    apart without hooks, and hand to raw what they do not know."""
    raw = set()
    for op in ops:
        kind, domain, number, *sizes = op
        if kind in ('malloc', 'calloc') and domain == 'raw':
            raw.add(number)
        elif kind in ('malloc', 'calloc'):
            raw.discard(number)
        elif rng.random() < share and (domain != 'raw' or number in raw):
            domain = rng.choice(('mem', 'obj'))
        yield (kind, domain, number, *sizes)


MIXES = {'python': python, 'lifofifo': lifofifo, 'random': uniform, 'phases': phases, 'growth': growth,
         'realloc': realloc, 'edges': edges}
