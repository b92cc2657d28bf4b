"""What /proc shows of a stub process, in the notation of FORMAT.md (sections 4.3 and 4.4)."""
import array
import ctypes
import fcntl
import os
import re

from tracee import ARENA, HEAP, SCRATCH, STACK, TASK_SIZE, TEXT, TOP

PAGE = 4096
HIDDEN = (TEXT, SCRATCH)
STATUS = 'VmSize VmLck VmData VmStk VmExe VmPTE RssAnon RssFile RssShmem VmSwap'.split()
SMAPS = ('Rss Pss Pss_Dirty Shared_Clean Shared_Dirty Private_Clean Private_Dirty Referenced Anonymous LazyFree Swap SwapPss '
         'Locked AnonHugePages ShmemPmdMapped').split()

kpagecount = os.open('/proc/kpagecount', os.O_RDONLY)
kpageflags = os.open('/proc/kpageflags', os.O_RDONLY)
ANON, ZERO_PAGE = 1 << 12, 1 << 24
PRESENT, SWAPPED, GUARD, PFN = 1 << 63, 1 << 62, 1 << 58, (1 << 55) - 1


def show(address):
    if address > STACK:
        return hex(address)
    if address > TOP:
        return f'STACK-{STACK - address:#x}'
    if address >= 0x400000000000:
        return f'TOP-{TOP - address:#x}'
    if ARENA <= address < SCRATCH:
        return f'ARENA+{address - ARENA:#x}'
    if HEAP <= address < 1 << 40:
        return f'HEAP+{address - HEAP:#x}'
    return hex(address)


def name_of(path):
    if path == '':
        return 'anon'
    if path in ('[heap]', '[stack]'):
        return path[1:-1]
    if path == '/dev/zero (deleted)':
        return 'shanon'
    if path == '/dev/zero':
        return 'devzero'
    if path.startswith('/SYSV'):
        return 'sysv'
    return os.path.basename(path.removesuffix(' (deleted)'))


HEAD = re.compile(r'^([0-9a-f]+)-([0-9a-f]+) (\S+) ([0-9a-f]+) \S+ \S+\s*(.*)$')


def areas(pid):
    """[(start, end, perms, offset, name, VmFlags, {field: kB})] without the harness's own."""
    found = []
    with open(f'/proc/{pid}/smaps') as file:
        text = file.read()
    for line in text.splitlines():
        head = HEAD.match(line)
        if head:
            start, end = int(head[1], 16), int(head[2], 16)
            name = name_of(head[5])
            offset = int(head[4], 16) if name not in ('anon', 'heap', 'stack') else 0
            area = (start, end, head[3], offset, name, [], {})
            if start not in HIDDEN and end <= TASK_SIZE:
                found.append(area)
        elif line.startswith('VmFlags:'):
            area[5].extend(line[8:].split())
        else:
            key, value = line.split(':', 1)
            if key in SMAPS and value.split()[0] != '0':
                area[6][key] = int(value.split()[0])
    return found


def maps_of(found):
    return [[show(start), show(end), perms, offset, name, ' '.join(flags)] for start, end, perms, offset, name, flags, _ in found]


class ScanArg(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint64) for name in
                'size flags start end walk_end vec vec_len max_pages category_inverted category_mask category_anyof_mask '
                'return_mask'.split()]


class Region(ctypes.Structure):
    _fields_ = [('start', ctypes.c_uint64), ('end', ctypes.c_uint64), ('categories', ctypes.c_uint64)]


PAGEMAP_SCAN = 0xC0606610
IS_PRESENT, IS_SWAPPED, IS_GUARD = 1 << 3, 1 << 4, 1 << 8
REGIONS = (Region * 4096)()


def filled(pagemap, start, end):
    """[(start, end)] of the pages in the range that have any entry. Asking from one area at a time keeps huge areas cheap."""
    ranges = []
    while start < end:
        arg = ScanArg(ctypes.sizeof(ScanArg), 0, start, end, 0, ctypes.addressof(REGIONS), len(REGIONS), 0, 0, 0,
                      IS_PRESENT | IS_SWAPPED | IS_GUARD, IS_PRESENT | IS_SWAPPED | IS_GUARD)
        count = fcntl.ioctl(pagemap, PAGEMAP_SCAN, arg)
        for region in REGIONS[:count]:
            if ranges and ranges[-1][1] == region.start:
                ranges[-1] = (ranges[-1][0], region.end)
            else:
                ranges.append((region.start, region.end))
        if count < len(REGIONS):
            break
        start = arg.walk_end
    return ranges


def page_class(entry):
    """(letter, frame number or None) of one pagemap entry."""
    if entry & GUARD:
        return 'G', None
    if entry & PRESENT:
        pfn = entry & PFN
        flags = int.from_bytes(os.pread(kpageflags, 8, pfn * 8), 'little')
        if flags & ZERO_PAGE:
            return 'Z', pfn
        letter = 'A' if flags & ANON else 'F'
        count = int.from_bytes(os.pread(kpagecount, 8, pfn * 8), 'little')
        return (letter if count == 1 else letter.lower()), pfn
    return ('S', None) if entry & SWAPPED else ('.', None)


def page_at(tracee, address):
    if address >= TASK_SIZE:
        return '.', None
    data = os.pread(tracee.pagemap, 8, (address >> 12) * 8)
    return page_class(int.from_bytes(data, 'little')) if len(data) == 8 else ('.', None)


def run_lengths(letters):
    return ''.join(f'{len(run[0])}{run[1]}' for run in re.finditer(r'(.)\1*', letters) for run in [(run[0], run[1])])


def pages_of(tracee, found):
    """([[area start, rle]], [(address, frame)]): classes of every area that has any page, and the frames mapped."""
    lines, frames = [], []
    for start, end, *_ in found:
        rle, at = [], start
        def add(letter, count):
            if rle and rle[-1][1] == letter:
                rle[-1][0] += count
            else:
                rle.append([count, letter])
        for first, last in filled(tracee.pagemap, start, end):
            data = array.array('Q', os.pread(tracee.pagemap, (last - first) // PAGE * 8, (first >> 12) * 8))
            for i, entry in enumerate(data):
                letter, pfn = page_class(entry)
                if letter == '.':
                    continue
                address = first + i * PAGE
                if address > at:
                    add('.', (address - at) // PAGE)
                add(letter, 1)
                at = address + PAGE
                if pfn is not None and letter != 'Z':
                    frames.append((address, pfn))
        if rle:
            if end > at:
                add('.', (end - at) // PAGE)
            lines.append([show(start), ''.join(f'{count}{letter}' for count, letter in rle)])
    return lines, frames


def shares_of(frames):
    """`frames`: {process: [(address, frame)]} in order of birth."""
    places = {}
    for process, mapped in frames.items():
        for address, pfn in mapped:
            places.setdefault(pfn, []).append((process, address))
    runs = []
    for shared in places.values():
        if len(shared) < 2:
            continue
        if runs and len(runs[-1][0]) == len(shared) and all(
                a[0] == b[0] and b[1] == a[1] + runs[-1][1] * PAGE for a, b in zip(runs[-1][0], shared)):
            runs[-1][1] += 1
        else:
            runs.append([shared, 1])
    return [[f'{process}:{show(address)}' for process, address in shared] + [count] for shared, count in runs]


def status_of(pid):
    with open(f'/proc/{pid}/status') as file:
        fields = dict(line.split(':', 1) for line in file.read().splitlines())
    return {name: int(fields[name].split()[0]) for name in STATUS}


def memory_of(pid, found, base):
    status = {name: value - base[name] for name, value in status_of(pid).items()}
    return {'status': status, 'smaps': [[show(area[0]), {k: area[6][k] for k in SMAPS if k in area[6]}] for area in found if area[6]]}
