#!/usr/bin/env python3
"""What the recordings' own compare.py says of recordings with one field changed: writes ../../fixtures/linux/compare-verdicts.json.

    python3 compare-verdicts.py FOLDER_WITH_COMPARE_PY

Each row: {trace, at, field, value, flagged}: the value put into that field of that result (null: taken away), and the levels at
which compare.py finds the changed recording and the original different. comparison.test.ts makes the same changes."""
import gzip, json, os, subprocess, sys, tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
FIXTURES = os.path.join(HERE, '..', '..', 'fixtures', 'linux')
COMPARE = os.path.join(sys.argv[1], 'compare.py')
ABSENT = None


def traces(*families):
    for family in families:
        with gzip.open(os.path.join(FIXTURES, family + '.jsonl.gz'), 'rt') as file:
            yield from map(json.loads, file)


def first(field, skip=0, families=('focussed', 'swap', 'fork', 'lock')):
    for trace in traces(*families):
        if any(op['op'] in ('reclaim', 'memlimit') or op.get('name') == 'page-cluster' for op in trace['ops']):
            continue
        for at, result in enumerate(trace['results']):
            if field in result:
                if skip == 0:
                    return trace, at, result[field]
                skip -= 1
                break


def reversed_keys(value):
    if isinstance(value, dict):
        return {key: reversed_keys(value[key]) for key in reversed(value)}
    return [reversed_keys(item) for item in value] if isinstance(value, list) else value


def other_of(field, value):
    """Another value of the same type."""
    if isinstance(value, int):
        return value + 1
    if isinstance(value, str):
        return {'SEGV': 'BUS', 'BUS': 'SEGV'}.get(value, value[:-1] + ('1' if value[-1] != '1' else '2'))
    if field == 'maps':
        process = list(value)[0]
        rows = [list(row) for row in value[process]]
        rows[0][5] += ' dd'
        return {**value, process: rows}
    if field == 'pt':
        process = list(value)[0]
        rows = [list(row) for row in value[process]]
        rows[-1][1] = rows[-1][1][:-1] + ('a' if rows[-1][1][-1] != 'a' else 'A')
        return {**value, process: rows}
    if field == 'share':
        return value + [['P0:ARENA+0x0', 'P1:ARENA+0x0', 1]]
    if field == 'mem':
        process = list(value)[0]
        told = json.loads(json.dumps(value))
        told[process]['status']['VmSize'] += 4
        return told


def rows():
    for field in 'ret err sig code val vec hex status n skip fa pfec pg min maj f maps pt share mem'.split():
        for skip in (0, 3):
            found = first(field, skip)
            if found is None:
                continue
            trace, at, value = found
            yield trace, at, field, other_of(field, value)
            if skip == 0:
                yield trace, at, field, ABSENT
    # Fields where there were none.
    trace, at, _ = first('ret')
    for field, value in (('err', 'EINVAL'), ('fa', '0x0'), ('f', '1m'), ('pg', '.>A'), ('share', [['P0:0x0', 1]]), ('mem', {})):
        if field not in trace['results'][at]:
            yield trace, at, field, value
    # No differences: order of keys, numbers of results, fields that nobody knows.
    for field in ('maps', 'pt', 'mem'):
        trace, at, value = first(field)
        yield trace, at, field, reversed_keys(value)
    trace, at, _ = first('ret')
    yield trace, at, 'i', 99
    yield trace, at, 'remark', 'nothing'
    yield trace, at, 'nd', ['min']
    # Deep inside the figures.
    trace, at, value = first('mem')
    told = json.loads(json.dumps(value))
    told['P0']['smaps'][0][1]['Rss'] += 4
    yield trace, at, 'mem', told
    # An area cut in two.
    trace, at, value = first('maps')
    process = list(value)[0]
    start, end, *rest = value[process][0]
    symbol, offset = start.split('+')
    middle = f'{symbol}+{hex(int(offset, 16) + 0x1000)}'
    yield trace, at, 'maps', {**value, process: [[start, middle, *rest], [middle, end, *rest], *value[process][1:]]}


def flagged(trace, at, field, value):
    changed = json.loads(json.dumps(trace))
    if value is ABSENT:
        del changed['results'][at][field]
    else:
        changed['results'][at][field] = value
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for name, content in (('expected', changed), ('actual', trace)):
            paths.append(os.path.join(folder, name + '.jsonl'))
            with open(paths[-1], 'w') as file:
                file.write(json.dumps(content) + '\n')
        says = lambda level: subprocess.run(
            [sys.executable, COMPARE, *paths, '--level', str(level)], capture_output=True, text=True, check=True
        ).stdout
        return [level for level in range(1, 7) if not says(level).startswith('1/1 ')]


with open(os.path.join(FIXTURES, 'compare-verdicts.json'), 'w') as out:
    lines = [
        json.dumps(
            {'trace': trace['trace'], 'at': at, 'field': field, 'value': value, 'flagged': flagged(trace, at, field, value)}
        )
        for trace, at, field, value in rows()
    ]
    out.write('[\n' + ',\n'.join(lines) + '\n]\n')
