"""Is the recorder right? Records the public traces and debug-hook cases again, and compares with what others recorded.

    python3 validate.py SCRATCH        prints what differs
"""
import glob
import gzip
import json
import os
import sys

import record

FIXTURES = os.path.join(record.HERE, '../../../fixtures/cpython')
# Profile → releases that must give the same.
RELEASES = {'cp311': ('3.11.7', '3.12.1', '3.13.0'), 'cp311d': ('3.11.7', '3.12.1', '3.13.0'), 'cp310': ('3.10.13',),
            'cp39': ('3.9.18',), 'cp38': ('3.8.18',), 'cp37d': ('3.7.16',)}


def read(path):
    with gzip.open(path, 'rt') as text:
        return [json.loads(line) for line in text]


def same(recorded, mine):
    header, *lines, final = recorded
    my_header, *my_lines, my_final = map(json.loads, mine)
    hashes = all(header[name] == my_header[name] for name in ('sha256', 'placement_sha256'))
    # Which recordings list their pools differs; the hash of the pools is in all.
    return hashes and lines == my_lines and all(my_final['final'].get(name) == value
                                                for name, value in final['final'].items() if name != 'pools')


def main():
    os.makedirs(sys.argv[1], exist_ok=True)
    recorder = record.compiled(sys.argv[1], 'recorder')
    pythons = {release: record.Python(release) for releases in RELEASES.values() for release in releases}
    held = differ = 0
    for path in sorted(glob.glob(f'{FIXTURES}/traces/*')):
        header, *lines = read(path)
        sizes = ('size', 'nelem', 'elsize')
        ops = [(op['op'], op['domain'], op['id'], *(int(op[name]) for name in sizes if name in op)) for op in lines]
        for profile, releases in RELEASES.items():
            result = f'{FIXTURES}/results/{header["trace"]}.{profile}.jsonl.gz'
            for release in releases if os.path.exists(result) else ():
                mine = record.record_trace(recorder, pythons[release], profile.endswith('d'), header, ops)
                if same(read(result), mine):
                    held += 1
                else:
                    differ += 1
                    print('differs:', header['trace'], profile, release)
    for case in read(f'{FIXTURES}/debug-hooks.json.gz')[0]['cases']:
        python = pythons[case['python']]
        script = (f'case {int(case["debug_hooks"])} {python.arena_size}', *case['ops'], '')
        done = python.run(recorder, '\n'.join(script))
        mine = (done.stdout.decode().splitlines(), done.stderr.decode('latin-1'), done.returncode)
        if mine == (case['out'], case['stderr'], case['returncode']):
            held += 1
        else:
            differ += 1
            print('differs:', case['case'], case['python'])
    print(f'{held} the same, {differ} differ')


if __name__ == '__main__':
    main()
