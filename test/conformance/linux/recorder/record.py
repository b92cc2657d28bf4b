"""Executes the ops of a trace (FORMAT.md, section 3) on the real kernel and writes down their results (section 4)."""
import ctypes
import errno
import mmap
import os
import re
import signal
import shutil
import time

import observe
import tracee as stub
from observe import PAGE, show
from tracee import Died, Limit, libc

SYMBOLS = {'TEXT': stub.TEXT, 'HEAP': stub.HEAP, 'ARENA': stub.ARENA, 'TOP': stub.TOP, 'STACK': stub.STACK}
MAP = {'shared': 1, 'private': 2, 'shared_validate': 3, 'droppable': 8, 'anon': 0x20, 'fixed': 0x10, 'fixed_noreplace': 0x100000,
       'growsdown': 0x100, 'populate': 0x8000, 'noreserve': 0x4000, 'locked': 0x2000, 'nonblock': 0x10000, 'stack': 0x20000,
       'hugetlb': 0x40000, 'sync': 0x80000, '32bit': 0x40, 'denywrite': 0x800, 'executable': 0x1000, 'uninit': 0x4000000}
PROT = {'none': 0, '-': 0, 'growsdown': 0x01000000, 'growsup': 0x02000000, 'sem': 8}
MREMAP = {'maymove': 1, 'fixed': 2, 'dontunmap': 4}
MSYNC = {'async': 1, 'invalidate': 2, 'sync': 4}
MLOCK2 = {'onfault': 1}
MLOCKALL = {'current': 1, 'future': 2, 'onfault': 4}
SHM = {'rdonly': 0o10000, 'rnd': 0o20000, 'remap': 0o40000, 'exec': 0o100000}
ADVICE = {'NORMAL': 0, 'RANDOM': 1, 'SEQUENTIAL': 2, 'WILLNEED': 3, 'DONTNEED': 4, 'FREE': 8, 'REMOVE': 9, 'DONTFORK': 10,
          'DOFORK': 11, 'MERGEABLE': 12, 'UNMERGEABLE': 13, 'HUGEPAGE': 14, 'NOHUGEPAGE': 15, 'DONTDUMP': 16, 'DODUMP': 17,
          'WIPEONFORK': 18, 'KEEPONFORK': 19, 'COLD': 20, 'PAGEOUT': 21, 'POPULATE_READ': 22, 'POPULATE_WRITE': 23,
          'DONTNEED_LOCKED': 24, 'COLLAPSE': 25, 'HWPOISON': 100, 'SOFT_OFFLINE': 101, 'GUARD_INSTALL': 102, 'GUARD_REMOVE': 103}
RESOURCES = {'FSIZE': 1, 'DATA': 2, 'STACK': 3, 'MEMLOCK': 8, 'AS': 9}
CODES = {signal.SIGSEGV: {1: 'MAPERR', 2: 'ACCERR', 0x80: 'KERNEL'}, signal.SIGBUS: {1: 'ADRALN', 2: 'ADRERR', 0x80: 'KERNEL'}}
NR = {'mmap': 9, 'munmap': 11, 'mprotect': 10, 'mremap': 25, 'madvise': 28, 'mlock': 149, 'munlock': 150, 'mlock2': 325,
      'mlockall': 151, 'munlockall': 152, 'msync': 26, 'mincore': 27, 'mseal': 462, 'remap_file_pages': 216, 'brk': 12,
      'open': 2, 'close': 3, 'pread': 17, 'pwrite': 18, 'wait4': 61, 'shmget': 29, 'shmat': 30, 'shmctl': 31, 'shmdt': 67,
      'setrlimit': 160, 'getrlimit': 97}
WORLD_OPS = {'file', 'ftruncate', 'fwrite', 'fread', 'fsync', 'punch', 'dropcache', 'reclaim', 'memlimit', 'sysctl', 'sleep', 'snap'}
UNCOUNTED = {'setrlimit', 'open', 'close', 'exit', 'wait', 'shmget', 'shmrm', 'peek', 'poke'}


class Unbound(LookupError):
    pass


def errno_name(number):
    return 'EOPNOTSUPP' if number == errno.EOPNOTSUPP else errno.errorcode[number]


def integer(value):
    return int(value, 0) if isinstance(value, str) else int(value)


def bits(value, names):
    total = 0
    for part in str(value).split('|'):
        total |= names[part] if part in names else int(part, 0)
    return total


def protection(text):
    total = 0
    for part in text.split('|'):
        if part in PROT:
            total |= PROT[part]
        elif part[:1].isdigit():
            total |= int(part, 0)
        else:
            total |= sum({'r': 1, 'w': 2, 'x': 4}[letter] for letter in part)
    return total


def pattern(size):
    page = bytes(((i & 0xFFF) & 0xFF) for i in range(PAGE))
    data = bytearray()
    for index in range((size + PAGE - 1) // PAGE):
        one = bytearray((byte + index * 7) & 0xFF for byte in page)
        one[0xE00:0xE10] = b'\x90' * 16
        data += one
    return bytes(data[:size])


class Place:
    """Directories, the stub program and the memory group that the traces of one campaign share."""

    def __init__(self, directory, disk, group, cpu):
        self.directory, self.disk, self.group, self.cpu = directory, disk, group, cpu
        os.makedirs(directory, exist_ok=True)
        os.chmod(directory, 0o777)
        self.stub, self.entries = stub.build_stub(directory)

    def join(self):
        if self.group:
            with open(self.group + '/tasks', 'w') as file:
                file.write(str(os.getpid()))


class World:
    def __init__(self, place, header):
        self.place = place
        fd = libc.memfd_create(b'scratch', 0)
        os.ftruncate(fd, stub.SCRATCH_BYTES)
        self.scratch = mmap.mmap(fd, stub.SCRATCH_BYTES)
        for at in range(0, stub.SCRATCH_BYTES, PAGE):
            self.scratch[at] = 0
        stub.SHARED[:] = [self.scratch]
        self.files, self.bindings, self.descriptors, self.segments = {}, {}, {}, {}
        self.temporary = [os.path.join(place.directory, 'f'), os.path.join(place.disk, 'f') if place.disk else None]
        for directory in filter(None, self.temporary):
            os.makedirs(directory)
            os.chmod(directory, 0o777)
        process = stub.start(place.stub, place.entries, fd, place.join)
        os.close(fd)
        self.processes, self.names = {'P0': process}, {process.pid: 'P0'}
        self.copies = []  # made by probes
        self.shown = {}
        if header.get('nostack'):
            start = stub.STACK - 0x21000
            process.must('munmap', NR['munmap'], start, 0x21000)
        self.start = observe.status_of(process.pid)
        base = {}
        self.show_state(base, True)
        self.base = {'VmSizeKB': self.start['VmSize'], 'VmDataKB': self.start['VmData'], 'VmStkKB': self.start['VmStk'],
                     'VmPTEKB': self.start['VmPTE'], **base}

    def finish(self):
        for process in [*self.processes.values(), *self.copies]:
            if process.alive:
                process.kill()
        while True:  # children orphaned by the trace are ours (subreaper)
            try:
                pid, _ = os.waitpid(-1, stub.WALL | os.WNOHANG)
            except ChildProcessError:
                break
            if pid == 0:
                time.sleep(0.001)
        for segment in self.segments.values():
            libc.shmctl(segment, 0, None)
        self.scratch.close()
        for directory in filter(None, self.temporary):
            shutil.rmtree(directory)

    # -- notation ---------------------------------------------------------------------------------------------------------

    def address(self, text):
        total = 0
        for sign, term in re.findall(r'([+-]?)\s*([A-Za-z0-9_]+)', str(text)):
            if term[0].isdigit():
                value = int(term, 0)
            elif term in SYMBOLS:
                value = SYMBOLS[term]
            elif term in self.bindings:
                value = self.bindings[term]
            else:
                raise Unbound(term)
            total += -value if sign == '-' else value
        return total & (2**64 - 1)

    def descriptor(self, op):
        text = str(op.get('fd', -1))
        if text in self.descriptors:
            return self.descriptors[text]
        return int(text) if re.fullmatch(r'-?\d+', text) else -1

    def path(self, name):
        special = {'@zero': '/dev/zero', '@null': '/dev/null', '@dir': '/'}
        return special.get(name) or self.files[name]

    # -- state ------------------------------------------------------------------------------------------------------------

    def show_state(self, answer, whole):
        frames = {}
        found = {}
        for name, process in self.processes.items():
            found[name] = observe.areas(process.pid)
            maps = observe.maps_of(found[name])
            pages, frames[name] = observe.pages_of(process, found[name])
            for key, value in (('maps', maps), ('pt', pages)):
                if self.shown.get((key, name)) != value or whole:
                    answer.setdefault(key, {})[name] = value
                self.shown[key, name] = value
        share = observe.shares_of(frames)
        if self.shown.get('share') != share or whole:
            answer['share'] = share
        self.shown['share'] = share
        self.areas = found

    # -- ops --------------------------------------------------------------------------------------------------------------

    def step(self, op):
        answer = {}
        kind = op['op']
        if kind in WORLD_OPS:
            getattr(self, 'world_' + kind)(op, answer)
        else:
            refused = self.act(op, answer)
            if refused:
                return {'skip': refused}
        for name in [name for name, process in self.processes.items() if not process.alive]:
            del self.processes[name]
        self.reap_killed(answer)
        self.show_state(answer, kind == 'snap')
        if kind == 'snap':
            answer['mem'] = {name: observe.memory_of(process.pid, self.areas[name], self.start)
                             for name, process in self.processes.items()}
        return answer

    def reap_killed(self, answer):
        """Nobody but the acting process dies by itself here, save under a memory limit."""
        for name, process in list(self.processes.items()):
            pid, status = os.waitpid(process.pid, stub.WALL | os.WNOHANG)
            if pid and not os.WIFSTOPPED(status):
                process.close()
                del self.processes[name]

    def act(self, op, answer):
        name = op.get('p', 'P0')
        process = self.processes.get(name)
        if process is None:
            return 'proc'
        try:
            where = {key: self.address(op[key]) for key in ('addr', 'naddr', 'vec') if key in op}
        except Unbound:
            return 'unbound'
        if op.get('probe'):
            self.probe(op, answer, process, where)
            return None
        kind = op['op']
        before = process.faults()
        try:
            getattr(self, 'do_' + kind)(op, answer, process, where)
        except Died as death:
            answer.clear()
            answer['killed'] = signal.Signals(death.signal).name.replace('SIG', '')
            return None
        if kind not in UNCOUNTED:
            after = process.faults()
            answer['min'], answer['maj'] = after[0] - before[0], after[1] - before[1]
            if 'pg' in answer:
                answer['pg'] = answer.pop('pg')
        return None

    def probe(self, op, answer, process, where):
        child, error = process.fork()
        assert child is not None, error
        self.copies = [child]
        outcome = {}
        getattr(self, 'do_' + op['op'])(op, outcome, child, where)
        answer.update({key: outcome[key] for key in ('ret', 'err', 'vec') if key in outcome})
        if child.alive:
            child.kill()
        process.call(NR['wait4'], child.pid, 0, 0, 0)

    def number(self, answer, result):
        if result < 0:
            answer['err'] = errno_name(-result)
        else:
            answer['ret'] = result
        return result

    def result_address(self, op, answer, result):
        if -4096 < result < 0:
            answer['err'] = errno_name(-result)
            return
        answer['ret'] = show(result)
        if 'as' in op:
            self.bindings[op['as']] = result

    def do_mmap(self, op, answer, process, where):
        self.result_address(op, answer, process.call(
            NR['mmap'], where.get('addr', 0), integer(op['len']), protection(op['prot']), bits(op['flags'], MAP),
            self.descriptor(op), integer(op.get('off', 0))))

    def do_munmap(self, op, answer, process, where):
        self.number(answer, process.call(NR['munmap'], where['addr'], integer(op['len'])))

    def do_mprotect(self, op, answer, process, where):
        self.number(answer, process.call(NR['mprotect'], where['addr'], integer(op['len']), protection(op['prot'])))

    def do_mremap(self, op, answer, process, where):
        self.result_address(op, answer, process.call(NR['mremap'], where['addr'], integer(op['old']), integer(op['new']),
                                                     bits(op.get('flags', 0), MREMAP), where.get('naddr', 0)))

    def do_madvise(self, op, answer, process, where):
        advice = ADVICE[op['advice']] if op['advice'] in ADVICE else integer(op['advice'])
        self.number(answer, process.call(NR['madvise'], where['addr'], integer(op['len']), advice))

    def do_mlock(self, op, answer, process, where):
        self.number(answer, process.call(NR['mlock'], where['addr'], integer(op['len'])))

    def do_munlock(self, op, answer, process, where):
        self.number(answer, process.call(NR['munlock'], where['addr'], integer(op['len'])))

    def do_mlock2(self, op, answer, process, where):
        self.number(answer, process.call(NR['mlock2'], where['addr'], integer(op['len']), bits(op['flags'], MLOCK2)))

    def do_mlockall(self, op, answer, process, where):
        self.number(answer, process.call(NR['mlockall'], bits(op['flags'], MLOCKALL)))

    def do_munlockall(self, op, answer, process, where):
        self.number(answer, process.call(NR['munlockall']))

    def do_msync(self, op, answer, process, where):
        self.number(answer, process.call(NR['msync'], where['addr'], integer(op['len']), bits(op.get('flags', 0), MSYNC)))

    def do_mincore(self, op, answer, process, where):
        length = integer(op['len'])
        vector = where.get('vec', stub.SCRATCH)
        result = self.number(answer, process.call(NR['mincore'], where['addr'], length, vector))
        if result >= 0 and 'vec' not in op:
            data = process.scratch(vector, (length + PAGE - 1) // PAGE)
            answer['vec'] = ''.join(str(byte & 1) for byte in data)

    def do_mseal(self, op, answer, process, where):
        self.number(answer, process.call(NR['mseal'], where['addr'], integer(op['len']), integer(op.get('flags', 0))))

    def do_remap_file_pages(self, op, answer, process, where):
        self.number(answer, process.call(NR['remap_file_pages'], where['addr'], integer(op['len']), integer(op.get('prot', 0)),
                                         integer(op.get('pgoff', 0)), integer(op.get('flags', 0))))

    def do_brk(self, op, answer, process, where):
        self.result_address(op, answer, process.call(NR['brk'], where['addr']))

    def do_sbrk(self, op, answer, process, where):
        delta = integer(op['delta'])
        current = process.call(NR['brk'], 0)
        if delta == 0 or process.call(NR['brk'], (current + delta) & (2**64 - 1)) == (current + delta) & (2**64 - 1):
            self.result_address(op, answer, current)
        else:
            answer['err'] = 'ENOMEM'

    def signalled(self, answer, fault):
        number, code, address, error = fault
        answer['sig'] = signal.Signals(number).name.replace('SIG', '')
        answer['code'] = CODES[number].get(code, str(code))
        answer['fa'] = show(address)
        answer['pfec'] = error

    def access(self, op, answer, process, address, run, compare=True):
        before = observe.page_at(process, address)
        fault = run()
        after = observe.page_at(process, address)
        if before[0] != '.' or after[0] != '.':
            pg = f'{before[0]}>{after[0]}'
            if compare and before[1] is not None and after[1] is not None:
                pg += '=' if before[1] == after[1] else '!'
            answer['pg'] = pg
        if fault:
            page = answer.pop('pg', None)
            self.signalled(answer, fault)
            if page:
                answer['pg'] = page
        return fault

    def do_read(self, op, answer, process, where):
        size = op.get('size', 1)
        fault = self.access(op, answer, process, where['addr'], lambda: process.run(f'load{size}', rdi=where['addr']))
        if not fault:
            answer['val'] = hex(process.regs.rax)

    def do_write(self, op, answer, process, where):
        size = op.get('size', 1)
        value = integer(op.get('val', 0)) & (2**64 - 1)
        fault = self.access(op, answer, process, where['addr'],
                            lambda: process.run(f'store{size}', rdi=where['addr'], rsi=value))
        if not fault:
            answer['ret'] = 0

    def do_rmw(self, op, answer, process, where):
        fault = self.access(op, answer, process, where['addr'],
                            lambda: process.run('rmw', rdi=where['addr'], rsi=integer(op.get('val', 0)) & 0xFF))
        if not fault:
            answer['ret'] = 0

    def do_exec(self, op, answer, process, where):
        fault = self.access(op, answer, process, where['addr'],
                            lambda: process.run('jump', trap=True, rdi=where['addr']), compare=False)
        if not fault:
            answer['ret'] = 0

    def do_touch(self, op, answer, process, where):
        pages = (integer(op['len']) + PAGE - 1) // PAGE
        letters = []
        answer['n'] = 0
        for n in range(pages):
            address = (where['addr'] + n * PAGE) & (2**64 - 1)
            before = process.faults()
            if op.get('rw') == 'w':
                value = integer(op['val']) if 'val' in op else (n + 1) & 255
                fault = process.run('store1', rdi=address, rsi=value & 0xFF)
            else:
                fault = process.run('load1', rdi=address)
            if fault:
                self.signalled(answer, fault)
                break
            answer['n'] += 1
            after = process.faults()
            minor, major = after[0] - before[0], after[1] - before[1]
            letters.append('M' if major else '.m'[minor] if minor < 2 else '2')
        answer['f'] = observe.run_lengths(''.join(letters))

    def do_fork(self, op, answer, process, where):
        child, error = process.fork()
        if child is None:
            answer['err'] = errno_name(error)
            return
        self.processes[op['child']] = child
        self.names[child.pid] = op['child']
        answer['ret'] = op['child']

    def do_exit(self, op, answer, process, where):
        process.exit(op.get('code', 0))
        answer['ret'] = 0

    def do_wait(self, op, answer, process, where):
        result = process.call(NR['wait4'], -1, stub.BUFFER, 1, 0)
        if result <= 0:
            self.number(answer, result)
            return
        answer['ret'] = self.names[result]
        status = int.from_bytes(process.scratch(stub.BUFFER, 4), 'little')
        if os.WIFEXITED(status):
            answer['status'] = os.WEXITSTATUS(status)
        else:
            answer['wsig'] = signal.Signals(os.WTERMSIG(status)).name.replace('SIG', '')

    def do_setrlimit(self, op, answer, process, where):
        resource = RESOURCES[op['res']]
        at = stub.BUFFER - stub.SCRATCH
        process.must('getrlimit', NR['getrlimit'], resource, stub.BUFFER)
        limit = Limit.from_buffer_copy(self.scratch[at:at + 16])
        if 'rel' in op:
            field = {'AS': 'VmSize', 'DATA': 'VmData'}[op['res']]
            wanted = (observe.status_of(process.pid)[field] * 1024 + integer(op['rel'])) & (2**64 - 1)
        else:
            wanted = 2**64 - 1 if op['val'] == 'inf' else integer(op['val'])
        limit.soft = min(wanted, limit.hard)
        self.scratch[at:at + 16] = bytes(limit)
        self.number(answer, process.call(NR['setrlimit'], resource, stub.BUFFER))

    def do_open(self, op, answer, process, where):
        flags = {'r': os.O_RDONLY, 'w': os.O_WRONLY, 'rw': os.O_RDWR, 'path': os.O_PATH}[op['mode']]
        data = self.path(op['file']).encode() + b'\0'
        at = stub.BUFFER - stub.SCRATCH
        self.scratch[at:at + len(data)] = data
        result = process.call(NR['open'], stub.BUFFER, flags, 0)
        if result >= 0:
            self.descriptors[op['fd']] = result
        self.number(answer, min(result, 0))

    def do_close(self, op, answer, process, where):
        self.number(answer, process.call(NR['close'], self.descriptor(op)))

    def do_sysread(self, op, answer, process, where):
        self.number(answer, process.call(NR['pread'], self.descriptor(op), where['addr'], integer(op['len']),
                                         integer(op.get('off', 0))))

    def do_syswrite(self, op, answer, process, where):
        self.number(answer, process.call(NR['pwrite'], self.descriptor(op), where['addr'], integer(op['len']),
                                         integer(op.get('off', 0))))

    def do_shmget(self, op, answer, process, where):
        result = process.call(NR['shmget'], 0, integer(op['size']), 0o1600)
        if result >= 0:
            self.segments[op['shm']] = result
        self.number(answer, min(result, 0))

    def do_shmat(self, op, answer, process, where):
        flags = bits(op.get('flags', 0), SHM)
        self.result_address(op, answer, process.call(NR['shmat'], self.segments.get(op['shm'], -1), where.get('addr', 0), flags))

    def do_shmdt(self, op, answer, process, where):
        self.number(answer, process.call(NR['shmdt'], where['addr']))

    def do_shmrm(self, op, answer, process, where):
        self.number(answer, process.call(NR['shmctl'], self.segments.get(op['shm'], -1), 0, 0))

    def do_peek(self, op, answer, process, where):
        self.debug(answer, process, where['addr'], None)

    def do_poke(self, op, answer, process, where):
        self.debug(answer, process, where['addr'], integer(op['val']) & 255)

    def debug(self, answer, process, address, value):
        memory = os.open(f'/proc/{process.pid}/mem', os.O_RDWR)
        try:
            if value is None:
                data = os.pread(memory, 1, address)
                answer['ret'], answer['val'] = 1, hex(data[0])
            else:
                answer['ret'] = os.pwrite(memory, bytes([value]), address)
        except OSError as error:
            answer['err'] = errno_name(error.errno)
        finally:
            os.close(memory)

    # -- the world's own --------------------------------------------------------------------------------------------------

    def world_snap(self, op, answer):
        pass

    def world_file(self, op, answer):
        directory = self.temporary[1 if op['fs'] == 'ext4' else 0]
        path = self.files[op['file']] = os.path.join(directory, op['file'])
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o666)
        os.fchmod(fd, 0o666)
        size = integer(op['size'])
        if op['fill'] == 'pattern':
            data = pattern(size)
            for at in range(0, size, PAGE):
                os.pwrite(fd, data[at:at + PAGE], at)
            os.fsync(fd)
        else:
            os.ftruncate(fd, size)
        os.close(fd)
        answer['ret'] = 0

    def on_file(self, op, answer, action):
        fd = os.open(self.files[op['file']], os.O_RDWR)
        try:
            result = action(fd)
            answer['ret'] = result if isinstance(result, int) else 0
        except OSError as error:
            answer['err'] = errno_name(error.errno)
        finally:
            os.close(fd)

    def world_ftruncate(self, op, answer):
        self.on_file(op, answer, lambda fd: os.ftruncate(fd, integer(op['size'])))

    def world_fwrite(self, op, answer):
        self.on_file(op, answer, lambda fd: os.pwrite(fd, bytes.fromhex(op['hex']), integer(op['off'])))

    def world_fread(self, op, answer):
        def action(fd):
            data = os.pread(fd, integer(op['len']), integer(op['off']))
            if data:
                answer['hex'] = data.hex()
            return len(data)
        self.on_file(op, answer, action)

    def world_fsync(self, op, answer):
        self.on_file(op, answer, os.fsync)

    def world_punch(self, op, answer):
        def action(fd):
            if libc.fallocate(fd, 3, ctypes.c_long(integer(op['off'])), ctypes.c_long(integer(op['len']))):
                raise OSError(ctypes.get_errno(), 'fallocate')
        self.on_file(op, answer, action)

    def world_dropcache(self, op, answer):
        def action(fd):
            os.fsync(fd)
            os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
        self.on_file(op, answer, action)

    def world_reclaim(self, op, answer):
        # One go gives up after a few fruitless scans, which still make pages older: until several in a row free nothing.
        idle, before = 0, self.usage()
        while idle < 8:
            with open(self.place.group + '/memory.force_empty', 'w') as file:
                file.write('1')
            now = self.usage()
            idle = idle + 1 if now == before else 0
            before = now
        answer['ret'] = 0

    def usage(self):
        with open(self.place.group + '/memory.usage_in_bytes') as file:
            return int(file.read())

    def world_memlimit(self, op, answer):
        with open(self.place.group + '/memory.swappiness', 'w') as file:
            file.write('0' if op.get('noswap') else '60')
        with open(self.place.group + '/memory.limit_in_bytes', 'w') as file:
            file.write(str(op['val']))
        answer['ret'] = 0

    def world_sysctl(self, op, answer):
        raise NotImplementedError('sysctl: a shared machine keeps its settings')

    def world_sleep(self, op, answer):
        time.sleep(op['ms'] / 1000)
        answer['ret'] = 0
