"""Debug-hook cases from a seed: short programs, most of which end by breaking a rule of the hooks."""
import random

LETTERS = 'rmo'
SIZES = (0, 1, 2, 7, 8, 9, 15, 16, 17, 31, 32, 63, 64, 65, 127, 128, 129, 255, 300, 487,
         488, 489, 495, 512, 513, 600, 1000, 2000)


class Program:
    """Ops, with the blocks that are live in them: id → (domain, size)."""

    def __init__(self, rng, extra, hooks, forbidden):
        self.rng = rng
        self.extra = extra
        self.hooks = hooks
        self.forbidden = forbidden
        self.ops = []
        self.live = {}
        self.next = 1

    def size(self):
        return self.rng.choice(SIZES) if self.rng.random() < 0.5 else self.rng.randrange(2001)

    def new(self, letter=None, size=None):
        letter = letter or self.rng.choice(LETTERS)
        size = self.size() if size is None else size
        number, self.next = self.next, self.next + 1
        if self.rng.random() < 0.3:
            ways = [(1, size), (size, 1)] + [(f, size // f) for f in (2, 3, 5) if size % f == 0]
            self.ops.append(f'c {letter} {number} %d %d' % self.rng.choice(ways))
        else:
            self.ops.append(f'm {letter} {number} {size}')
        self.live[number] = (letter, size)
        return number

    def hex(self, length):
        return bytes(self.rng.randrange(256) for _ in range(length)).hex()

    def fill(self, number):
        size = self.live[number][1]
        if size == 0:
            return
        at = self.rng.randrange(size)
        self.ops.append(f'w {number} {at} {self.hex(self.rng.randrange(1, size - at + 1))}')

    def look(self, number, size=None):
        size = self.live[number][1] if size is None else size
        self.ops.append(f'p {number} -16 {size + 24 + self.extra}')

    def resize(self, number, letter=None):
        old, was = self.live[number]
        size = self.rng.choice((self.size(), was, max(0, was - self.rng.randrange(1, 200)),
                                was + self.rng.randrange(1, 200)))
        self.ops.append(f'r {letter or old} {number} {size}')
        self.live[number] = (old, size)

    def drop(self, number, letter=None):
        self.ops.append(f'f {letter or self.live[number][0]} {number}')
        return self.live.pop(number)

    def any(self):
        return self.rng.choice(list(self.live)) if self.live else self.new()

    def wander(self, count):
        """Ops that break nothing."""
        for _ in range(count):
            what = self.rng.choice('nnnfrrwpd')
            if what == 'n':
                self.new()
            elif what == 'f':
                number = self.any()
                size = self.live[number][1]
                self.drop(number)
                # What is left of it; the lower allocators of a case keep memory readable.
                self.look(number, min(size, 2000))
            elif what == 'd':
                self.drop(self.any())
            elif what == 'r':
                self.resize(self.any())
            elif what == 'w':
                self.fill(self.any())
            else:
                self.look(self.any())

    def end(self, number, letter=None):
        """The op that checks the block."""
        if self.rng.random() < 0.5:
            self.drop(number, letter)
        else:
            self.resize(number, letter)


def clean(p):
    p.wander(20)


def long(p):
    p.wander(250)


def overflow(p):
    number = p.new()
    size = p.live[number][1]
    p.ops.append(f'w {number} {size + p.rng.randrange(8)} {p.hex(p.rng.choice((1, 1, 2, 3, 8)))}')
    p.wander(3)
    if number in p.live:
        p.end(number)


def underflow(p):
    number = p.new()
    p.fill(number)
    at = p.rng.randrange(1, 9)
    p.ops.append(f'w {number} -{at} {p.hex(p.rng.randrange(1, at + 1))}')
    p.end(number)


def wrong_size(p):
    """The count of bytes itself: the tail is looked for at another place, which is still memory."""
    number = p.new(size=p.rng.randrange(300, 480))
    p.ops.append(f'w {number} -16 {p.rng.randrange(0, 290).to_bytes(8, "big").hex()}')
    p.end(number)


def odd_id(p):
    """An id that is no letter: the report prints it as a character, and releases differ in what zero does to a line."""
    number = p.new()
    p.ops.append(f'w {number} -8 {p.rng.choice((0, 0, 10, 37, 127, 255)):02x}')
    p.end(number)


def wild_size(p):
    """A count of bytes that leads anywhere."""
    number = p.new()
    p.ops.append(f'w {number} -16 {(p.rng.getrandbits(64) >> p.rng.randrange(64)).to_bytes(8, "big").hex()}')
    p.end(number)


def forged(p):
    """A smaller count of bytes, and forbidden bytes where it says that the tail is: the hooks believe it."""
    number = p.new(size=p.rng.randrange(20, 700))
    letter, size = p.live[number]
    smaller = p.rng.randrange(size - 8)
    p.fill(number)
    p.ops.append(f'w {number} {smaller} {"%02x" % p.forbidden * 8}')
    p.ops.append(f'w {number} -16 {smaller.to_bytes(8, "big").hex()}')
    p.live[number] = (letter, smaller)
    if p.rng.random() < 0.5:
        p.look(number)
    p.end(number)
    p.wander(3)


def forged_link(p):
    """The link in a free block overwritten: what comes next is handed out from there."""
    size = p.rng.randrange(60, 440)
    keep, number = p.new('o', size), p.new('o', size)
    p.drop(number)
    pool = p.rng.choice((0, 0x200000000000 + p.rng.randrange(1, 15) * 0x4000 + 16 * p.rng.randrange(4, 40)))
    at = -16 if p.hooks else 0
    p.ops.append(f'w {number} {at} {pool.to_bytes(8, "little").hex()}')
    for _ in range(3):
        p.look(p.new(p.rng.choice('mo'), size), size)
    p.look(keep)


def wrong_domain(p):
    number = p.new()
    p.fill(number)
    other = p.rng.choice([letter for letter in LETTERS if letter != p.live[number][0]])
    p.end(number, other)


def double_free(p):
    keep = p.new(size=p.rng.randrange(100)) if p.rng.random() < 0.5 else None
    number = p.new(size=p.rng.randrange(480))
    letter, size = p.live[number]
    p.drop(number)
    p.look(number, size)
    p.ops.append(p.rng.choice((f'f {letter} {number}', f'r {letter} {number} {p.size()}')))
    if keep:
        p.look(keep)


def moved(p):
    """What a realloc leaves of the block that it moved: seen from the neighbour behind it, of the same class."""
    size = p.rng.randrange(1, 480)
    letter = p.rng.choice('mo')
    number, neighbour = p.new(letter, size), p.new(letter, size)
    p.fill(number)
    held = (size + 24 + p.extra + 15) // 16 * 16 if p.hooks else (size + 15) // 16 * 16
    p.resize(number)
    p.ops.append(f'p {neighbour} -{held + (16 if p.hooks else 0)} {held}')


def use_after_free(p):
    number = p.new(size=p.rng.randrange(32, 480))
    _, size = p.live[number]
    p.drop(number)
    p.ops.append(f'w {number} {p.rng.randrange(0, 16)} {p.hex(p.rng.randrange(1, 16))}')
    p.look(number, size)
    again = p.new()
    p.look(again)
    p.wander(4)


def too_big(p):
    number = p.new()
    for _ in range(6):
        size = p.rng.choice((2**63 - 1, 2**63, 2**64 - 1, 2**63 - 25, 2**63 - 24, 2**63 - 33, 2**63 - 32,
                             2**63 - 31, 2**31, 2**30 + 1, 2**53 + 1))
        letter = p.live[number][0]
        p.ops.append(p.rng.choice((f'r {letter} {number} {size}', f'm {letter} 90 {size}', f'c {letter} 91 {size} 1',
                                   f'c {letter} 92 3 {size // 2}',
                                   f'c {letter} 93 {size} 0')))
        p.look(number)
    p.end(number)


KINDS = (clean, clean, long, moved, odd_id, overflow, overflow, underflow, wrong_size, wild_size, forged, forged,
         forged_link, wrong_domain, wrong_domain, double_free, use_after_free, too_big)


def recorded(python, recorder, seed, count):
    for index in range(count):
        rng = random.Random(f'{seed} {python.release} {index}')
        hooks = rng.random() < 0.9
        # Without hooks only what breaks nothing of pymalloc's own.
        kind = rng.choice(KINDS) if hooks else rng.choice((clean, moved, too_big, forged_link))
        program = Program(rng, 8 if python.version < (3, 8) else 0, hooks, 0xfb if python.version < (3, 7) else 0xfd)
        program.wander(rng.randrange(0, 8))
        kind(program)
        program.wander(rng.randrange(0, 3))
        done = python.run(recorder, '\n'.join((f'case {int(hooks)} {python.arena_size}', *program.ops, '')))
        yield {'case': f'{kind.__name__}_{seed}_{index}', 'python': python.release, 'debug_hooks': hooks,
               'ops': program.ops, 'out': done.stdout.decode().splitlines(), 'stderr': done.stderr.decode('latin-1'),
               'returncode': done.returncode}
