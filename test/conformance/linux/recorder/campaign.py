"""campaign.py STYLE_DIR OUT_DIR FAMILY… [--count N] [--seed S]: fresh random traces of these families, recorded here.

STYLE_DIR holds FAMILY.jsonl.gz, the recordings whose manner is imitated. Each trace is recorded twice; one whose second recording
differs depends on what else the machine did, and is left out.
"""
import argparse
import gzip
import json
import os
import sys

import recording_place
from observe import pages_of
from generate import Generator, MatrixGenerator, Style, tags_of
from record import World
from rerecord import record


def fresh(place, style, family, header, seed):
    generator = (MatrixGenerator if family == 'matrix' else Generator)(style, f'{family}-{seed}')
    world = World(place, header)
    ops, results = [], []
    try:
        while True:
            op = generator.next(world)
            if op is None:
                break
            ops.append(op)
            try:
                result = world.step(op)
            except AssertionError as why:
                raise AssertionError(f'{op}: {why}') from why
            results.append({'i': len(ops) - 1, **result})
            if op['op'] == 'reclaim' and evictable_left(world):
                return None
            if not world.processes:
                break
        base = world.base
    finally:
        world.finish()
    return {'trace': f'fresh-{family}-{seed}', 'family': family, **header, 'tags': tags_of(ops), 'ops': ops, 'base': base,
            'results': results}


def evictable_left(world):
    """Is there a page in memory that no area locks?"""
    locked, there = set(), set()
    for name, process in world.processes.items():
        for area in world.areas[name]:
            _, frames = pages_of(process, [area])
            (locked if 'lo' in area[5] else there).update(pfn for _, pfn in frames)
    return bool(there - locked)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('styles')
    parser.add_argument('out')
    parser.add_argument('families', nargs='+')
    parser.add_argument('--count', type=int, default=50)
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--swap', action='store_true')
    args = parser.parse_args()
    os.makedirs(args.out, exist_ok=True)
    with recording_place.place() as place:
        for family in args.families:
            with gzip.open(f'{args.styles}/{family}.jsonl.gz', 'rt') as file:
                traces = [json.loads(line) for line in file]
            style = Style(traces)
            header = {key: traces[0][key] for key in ('zswap', 'nostack') if key in traces[0]}
            kept = unsteady = 0
            with open(f'{args.out}/{family}-{args.seed}.jsonl', 'w') as out:
                for seed in range(args.seed, args.seed + args.count):
                    try:
                        trace = fresh(place, style, family, header, seed)
                    except AssertionError as why:  # the stub itself came to harm
                        print(family, seed, why, file=sys.stderr)
                        continue
                    if trace is None:  # reclaim that was not complete: how far it gets is chance
                        unsteady += 1
                        continue
                    again = record(place, trace)
                    if again['results'] != trace['results']:
                        unsteady += 1
                        continue
                    print(json.dumps(trace), file=out)
                    kept += 1
            print(family, kept, 'recorded,', unsteady, 'unsteady', file=sys.stderr)


if __name__ == '__main__':
    main()
