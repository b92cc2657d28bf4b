"""rerecord.py FILE.jsonl[.gz] OUT.jsonl [--only NAME] [--max N]: run the ops of recorded traces again and write new recordings."""
import argparse
import gzip
import json
import sys

import recording_place
from record import World


def record(place, trace):
    world = World(place, trace)
    results = []
    try:
        for i, op in enumerate(trace['ops']):
            results.append({'i': i, **world.step(op)})
    finally:
        world.finish()
    return {**{key: value for key, value in trace.items() if key not in ('base', 'results')}, 'base': world.base,
            'results': results}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('input')
    parser.add_argument('output')
    parser.add_argument('--only')
    parser.add_argument('--max', type=int)
    args = parser.parse_args()
    opener = gzip.open if args.input.endswith('.gz') else open
    with opener(args.input, 'rt') as file:
        traces = [json.loads(line) for line in file]
    if args.only:
        traces = [trace for trace in traces if trace['trace'] == args.only]
    with recording_place.place() as place, open(args.output, 'w') as out:
        for trace in traces[:args.max]:
            try:
                print(json.dumps(record(place, trace)), file=out)
            except NotImplementedError as why:
                print(trace['trace'], 'left out:', why, file=sys.stderr)


if __name__ == '__main__':
    main()
