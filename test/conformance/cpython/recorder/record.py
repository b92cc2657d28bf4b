"""Records traces and debug-hook cases from the CPythons of ~/.pyenv/versions, in the format of the conformance files.

    python3 record.py OUT [--traces N] [--cases N] [--seed S] [--versions 3.8.18,3.11.7] [--bytes MAX_OPS]

needs gcc, nm and (for 3.12 and later, whose state is inside an interpreter) gdb. OUT gets traces/, results/ and
debug-hooks.json.gz; `mmulator conform cpython OUT` replays them.
"""
import argparse
import glob
import gzip
import hashlib
import json
import os
import random
import re
import subprocess

import cases
import mixes

HERE = os.path.dirname(os.path.abspath(__file__))
COUNTERS = ('narenas_currently_allocated', 'ntimes_arena_allocated', 'narenas_highwater', 'raw_allocated_blocks')
STATICS = ('arenas', 'maxarenas', 'unused_arena_objects', 'usable_arenas', 'usedpools', *COUNTERS,
           'arena_map_mid_count', 'arena_map_bot_count')
SEVERAL_PER_INTERPRETER = (3, 12)


def version_of(release):
    return tuple(map(int, release.split('.')[:2]))


def told_by(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


class Python:
    def __init__(self, release):
        self.release = release
        self.version = version_of(release)
        self.library, = glob.glob(os.path.expanduser(f'~/.pyenv/versions/{release}/lib/libpython3.?*.so.1.0'))
        new = self.version >= (3, 10)
        self.arena_size, self.pool_size = (2**20, 2**14) if new else (2**18, 2**12)
        names = {}
        for line in told_by('nm', self.library).splitlines():
            *address, _, name = line.split()
            if address:
                names[name] = int(address[0], 16)
        self.places = {name: names[name] for name in STATICS if name in names}
        if self.version >= SEVERAL_PER_INTERPRETER:
            self.places = self.of_interpreter(names)

    def of_interpreter(self, names):
        fields = {name: f'mgmt.{name}' for name in STATICS} | {'usedpools': 'pools.used'}
        fields |= {name: f'usage.{name}' for name in STATICS if name.startswith('arena_map')}
        wanted = {name: f'(long)&((struct _obmalloc_state *)0)->{field}' for name, field in fields.items()}
        wanted['interpreter'] = '(long)&_PyRuntime._main_interpreter'
        wanted['main'] = '(long)&_PyRuntime.interpreters.main'
        wanted['inside'] = '(long)&((struct _is *)0)->obmalloc'
        commands = [part for name, text in wanted.items() for part in ('-ex', f'printf "{name}=%ld\\n", {text}')]
        told = told_by('gdb', '-batch', '-nx', *commands, self.library)
        at = {name: int(value) for name, value in re.findall(r'^(\w+)=(\d+)$', told, re.M)}
        # 3.13 reaches the main interpreter's state by a pointer.
        state = names.get('obmalloc_state_main', at['interpreter'] + at['inside'])
        places = {name: state + at[name] for name in fields}
        places |= {'interpreter': at['interpreter'], 'thread_slot': names['_Py_tss_tstate'],
                   'blocks_of_interpreter': names['_PyInterpreterState_GetAllocatedBlocks']}
        if '_PyMem_init_obmalloc' in names:
            places |= {'init_obmalloc': names['_PyMem_init_obmalloc'], 'main_interpreter': at['main']}
        return places

    def profile(self, hooks):
        return f'cp{self.version[0]}{self.version[1]}{"d" if hooks else ""}'

    def run(self, recorder, script):
        told = [f'{name}={offset:x}' for name, offset in self.places.items()]
        return subprocess.run([recorder, self.library, *told], input=script.encode(), capture_output=True)


def number(value):
    return value if value < 2**53 else str(value)


def op_json(op):
    kind, domain, block, *sizes = op
    fields = {'malloc': ('size',), 'realloc': ('size',), 'calloc': ('nelem', 'elsize'), 'free': ()}[kind]
    return {'op': kind, 'domain': domain, 'id': block} | {field: number(size) for field, size in zip(fields, sizes)}


def op_script(op):
    kind, domain, *numbers = op
    return ' '.join((kind[0], domain[0], *map(str, numbers)))


def dump(value):
    return json.dumps(value, separators=(',', ':'))


def write(path, lines):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'wb') as raw, gzip.GzipFile('', 'wb', 9, raw, 0) as packed:
        packed.write(''.join(line + '\n' for line in lines).encode())


def placement(line):
    return ' '.join(word for index, word in enumerate(line.split(' ')) if index == 0 or word[0] in '+-')


def finished(final, size, profile):
    rows = final['pools']
    # Blocks per pool by what the pool's own header says: last offset and class.
    classes = {}
    for _, _, index, used, _, _, _ in rows:
        if used:
            blocks = (final['pool_size'] - 48) // ((index + 1) * final['align'])
            old = classes.get(index, (0, 0, 0))
            classes[index] = (old[0] + 1, old[1] + used, old[2] + blocks - used)
    text = ''.join(f'{" ".join(map(str, row[:6]))} {",".join(map(str, row[6]))}\n' for row in rows)
    order = {}
    for key, value in final.items():
        if key == 'used':
            order['classes'] = [[index, *classes[index]] for index in sorted(classes)]
        if key != 'pools' or size in ('small', 'edge') or (size == 'medium' and profile in ('cp311', 'cp38')):
            order[key] = value
    order['pools_sha256'] = hashlib.sha256(text.encode()).hexdigest()
    return {'final': order}


def checkpoints(lines, every=1000):
    running, marks = hashlib.sha256(), []
    for count, line in enumerate(lines, 1):
        running.update(line.encode() + b'\n')
        if count % every == 0:
            marks.append(running.hexdigest()[:16])
    return running.hexdigest(), marks


def record_trace(recorder, python, hooks, header, ops):
    arena = header['arena']
    script = ' '.join(map(str, ('trace', arena['base'], arena['offset'], arena['reuse'], arena['max_arenas'],
                                header['raw_limit'], int(hooks), python.arena_size, python.pool_size, 16)))
    done = python.run(recorder, '\n'.join((script, *map(op_script, ops), '')))
    lines = done.stdout.decode().splitlines()
    if done.returncode != 0 or len(lines) != len(ops) + 1:
        told = f'{done.returncode} after {len(lines)} lines: {done.stderr[-600:]}'
        raise RuntimeError(f'{header["trace"]} {python.release} hooks={hooks}: {told}')
    *lines, final = lines
    size = header['size']
    sha, marks = checkpoints(lines)
    place_sha, place_marks = checkpoints(map(placement, lines))
    full = size != 'large'
    head = {'trace': header['trace'], 'profile': python.profile(hooks), 'python': python.release, 'debug_hooks': hooks,
            'n_ops': len(ops), 'sha256': sha, 'placement_sha256': place_sha,
            'detail': 'full' if full else 'checkpoints'}
    middle = [json.dumps(line) for line in lines] if full else [
        dump({'every': 1000, 'checkpoints': marks, 'placement_checkpoints': place_marks})]
    return [dump(head), *middle, dump(finished(json.loads(final), size, head['profile']))]


BASES = ('0x200000000000', '0x2003ffe00000', '0x3ffffe00000', '0x3fffff00000', '0x7ffffe00000', '0xfffffd00000',
         '0x1fffffe00000', '0x1fffff000000', '0x3fffffe00000', '0x203fffe00000', '0x1000000000', '0x3fffe00000',
         '0x7fff900000', '0x3fffff900000', '0x40000000', '0x2000ffc00000', '0x23456780000')
OFFSETS = ('0x0', '0x10', '0x1000', '0x4000', '0x8', '0xff0', '0x3ff0', '0x3fff0', '0xfc000', '0xffff0',
           '0x80000', '0x12345')
# About what pymalloc itself asks for: vectors of descriptors, nodes of the arena map, with hooks 24 or 32 bytes more.
RAW_LIMITS = (0, 23, 500, 768, 792, 1000, 1535, 1536, 3000, 8191, 8192, 10000, 131072, 200000, 262144, 262168, 2**20)


def make_trace(seed, libpython, capture, max_ops, only):
    rng = random.Random(seed)
    mix = ('real', 'python', 'lifofifo', 'random', 'phases', 'realloc', 'edges', 'growth')[seed % 8]
    mix = only or mix
    # The first vector of descriptors has 16; phases and growth need many blocks to fill as many arenas.
    sizes = {'phases': ('small', 'medium', 'large', 'large'), 'growth': ('large',)}
    size = rng.choice(sizes.get(mix, ('small', 'small', 'medium', 'medium', 'large')))
    counts = {'small': rng.randrange(50, 400), 'medium': rng.randrange(1000, 6000),
              'large': rng.randrange(20000, 60000)}
    count = min(counts[size], max_ops)
    if mix == 'edges':
        size, count = 'edge', min(count, 1500)
    base = int(rng.choice(BASES), 16)
    unusual = rng.random() < 0.3
    raw_limit = rng.choice(RAW_LIMITS) if unusual else 2**30
    if mix == 'growth':
        raw_limit = rng.choice((2**30, 2**30, 768 if rng.random() < 0.5 else 1535, 1536, 3071, 262144 + 24))
    header = {
        'trace': f'{size}-r{seed:04d}-{mix}', 'format': 1, 'seed': seed, 'size': size, 'mix': mix, 'n_ops': 0,
        'arena': {'base': hex(base), 'offset': rng.choice(OFFSETS[:4] if rng.random() < 0.6 else OFFSETS),
                  'reuse': rng.choice(('mono', 'lifo', 'low')),
                  'max_arenas': rng.choice((-1, -1, -1, -1, 0, 1, 2, 3, 5, 20))},
        'raw_limit': raw_limit,
    }
    if mix == 'real':
        ops = list(mixes.real(rng, count, capture, libpython))
    elif mix == 'edges':
        ops = list(mixes.edges(rng, count, raw_limit))
    else:
        ops = list(mixes.MIXES[mix](rng, count))
    header['n_ops'] = len(ops)
    if rng.random() < 0.12:
        return header, list(mixes.through_others(rng, ops, rng.choice((0.05, 0.5)))), False
    return header, ops, affordable(ops)


def affordable(ops):
    """With hooks, blocks are filled: whether none is of a size that takes long."""
    def size_of(op):
        return 0 if op[0] == 'free' else op[3] * (op[4] if op[0] == 'calloc' else 1)
    return not any(2**24 < size_of(op) < 2**31 for op in ops)


def compiled(out, name):
    target = os.path.join(out, name)
    subprocess.run(['gcc', '-O1', '-o', target, os.path.join(HERE, f'{name}.c'), '-ldl'], check=True)
    return target


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('out')
    parser.add_argument('--traces', type=int, default=50)
    parser.add_argument('--cases', type=int, default=100)
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--mix', help='only this one')
    parser.add_argument('--max-ops', type=int, default=10**6)
    parser.add_argument('--each', type=int, default=3, help='versions that each trace is recorded from')
    parser.add_argument('--versions', default='3.6.15,3.7.16,3.8.18,3.9.18,3.10.13,3.11.7,3.12.1,3.13.0')
    args = parser.parse_args()
    os.makedirs(args.out, exist_ok=True)
    recorder, capture = compiled(args.out, 'recorder'), compiled(args.out, 'capture')
    pythons = [Python(release) for release in args.versions.split(',')]
    captured = Python('3.11.7').library
    recorded = 0
    for seed in range(args.seed, args.seed + args.traces):
        header, ops, for_hooks = make_trace(seed, captured, capture, args.max_ops, args.mix)
        write(f'{args.out}/traces/{header["trace"]}.jsonl.gz', [dump(header), *(dump(op_json(op)) for op in ops)])
        for python in random.Random(f'versions {seed}').sample(pythons, args.each):
            for hooks in (False, True):
                if hooks and not for_hooks:
                    continue
                lines = record_trace(recorder, python, hooks, header, ops)
                write(f'{args.out}/results/{header["trace"]}.{python.profile(hooks)}.jsonl.gz', lines)
                recorded += 1
    told = [case for python in pythons if python.version >= (0,)
            for case in cases.recorded(python, recorder, args.seed, args.cases)]
    if told:
        write(f'{args.out}/debug-hooks.json.gz', [json.dumps({'header': {'seed': args.seed}, 'cases': told})])
    os.remove(recorder)
    os.remove(capture)
    print(f'{recorded} results, {len(told)} debug-hook cases')


if __name__ == '__main__':
    main()
