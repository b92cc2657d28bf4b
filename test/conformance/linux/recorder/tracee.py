"""A stub process under ptrace: starts it at the addresses of CONSTANTS.json and runs single instructions and system calls in it.

The stub (stub.S) maps nothing but its text page, a shared scratch area and the stack. Faults it causes arrive as signals on an
alternate stack in the scratch area, so that the page-fault error code can be read from the signal frame.
"""
import ctypes
import os
import re
import signal
import struct
import subprocess
import tempfile

TEXT, HEAP, ARENA, SCRATCH = 0x400000, 0x401000, 0x100000000000, 0x200000000000
TOP, STACK, TASK_SIZE = 0x7FFFF7FFF000, 0x7FFFFFFFF000, 0x7FFFFFFFF000
SCRATCH_BYTES = 0x10000
ALTSTACK, ALTSTACK_BYTES = SCRATCH + 0x4000, 0x8000
BUFFER = SCRATCH + 0xC000
STACK_POINTER = 0x7FFFFFFFEE20
FILE_BYTES = 449
UID = 65534

libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
libc.ptrace.restype = ctypes.c_long
libc.prlimit.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p]
TRACEME, CONT, GETREGS, SETREGS, SETOPTIONS, GETEVENTMSG, GETSIGINFO = 0, 7, 12, 13, 0x4200, 0x4201, 0x4202
WALL = 0x40000000
OPTIONS = 0x100000 | 0x2  # EXITKILL, TRACEFORK
TRAP_FLAG = 0x100

REGISTERS = ('r15 r14 r13 r12 rbp rbx r11 r10 r9 r8 rax rcx rdx rsi rdi orig_rax rip cs eflags rsp ss fs_base gs_base ds es '
             'fs gs').split()


class Regs(ctypes.Structure):
    _fields_ = [(name, ctypes.c_ulonglong) for name in REGISTERS]


class Limit(ctypes.Structure):
    _fields_ = [('soft', ctypes.c_ulonglong), ('hard', ctypes.c_ulonglong)]


def ptrace(request, pid, address=None, data=None):
    ctypes.set_errno(0)
    result = libc.ptrace(request, pid, address, data)
    if result < 0 and ctypes.get_errno():
        raise OSError(ctypes.get_errno(), f'ptrace {request} on {pid}')
    return result


class Died(Exception):
    """The process ended inside the operation: `.signal` or None."""

    def __init__(self, status):
        super().__init__(status)
        self.signal = os.WTERMSIG(status) if os.WIFSIGNALED(status) else None


def build_stub(directory):
    """Assemble stub.S into an ELF file of exactly FILE_BYTES. Returns (path, {entry name: address})."""
    here = os.path.dirname(os.path.abspath(__file__))
    obj = os.path.join(directory, 'stub.o')
    subprocess.run(['gcc', '-c', '-o', obj, os.path.join(here, 'stub.S')], check=True)
    parts = {}
    for section in ('.text', '.table'):
        out = os.path.join(directory, 'stub' + section)
        subprocess.run(['objcopy', '-O', 'binary', '-j', section, obj, out], check=True)
        with open(out, 'rb') as file:
            parts[section] = file.read()
    headers = 64 + 2 * 56
    code = parts['.text'].ljust(FILE_BYTES - headers, b'\xcc')
    assert len(code) == FILE_BYTES - headers
    entry = TEXT + headers
    elf = struct.pack('<16sHHIQQQIHHHHHH', b'\x7fELF\x02\x01\x01' + bytes(9), 2, 62, 1, entry, 64, 0, 0, 64, 56, 2, 64, 0, 0)
    elf += struct.pack('<IIQQQQQQ', 1, 5, 0, TEXT, TEXT, FILE_BYTES, FILE_BYTES, 0x1000)
    elf += struct.pack('<IIQQQQQQ', 0x6474E551, 6, 0, 0, 0, 0, 0, 16)
    path = os.path.join(directory, 'stub')
    with open(path, 'wb') as file:
        file.write(elf + code)
    os.chmod(path, 0o755)
    entries = {name.decode(): entry + offset[0] for name, offset in re.findall(rb'([a-z0-9]+)\0(.)', parts['.table'], re.S)}
    return path, entries


def start(stub, entries, scratch_fd, prepare):
    """Start a stub process. `prepare` runs in the child before exec (cgroup, CPU). Returns its Tracee, stopped and set up."""
    pid = os.fork()
    if pid == 0:
        try:
            prepare()
            libc.personality(0x0040000)
            for resource, soft, hard in ((3, 8 << 20, 2**64 - 1), (8, 65536, 8 << 20)):
                limit = Limit(soft, hard)
                libc.prlimit(0, resource, ctypes.byref(limit), None)
            os.dup2(scratch_fd, 3)
            os.closerange(4, 256)
            libc.prctl(41, 1, 0, 0, 0)  # PR_SET_THP_DISABLE
            os.setgroups([])
            os.setresgid(UID, UID, UID)
            os.setresuid(UID, UID, UID)
            ptrace(TRACEME, 0)
            os.execve(stub, ['stub'], {})
        finally:
            os._exit(127)
    _, status = os.waitpid(pid, WALL)
    assert os.WIFSTOPPED(status), hex(status)
    ptrace(SETOPTIONS, pid, None, OPTIONS)
    ptrace(CONT, pid)
    _, status = os.waitpid(pid, WALL)  # the int3 at `start`
    assert os.WIFSTOPPED(status) and os.WSTOPSIG(status) == signal.SIGTRAP, hex(status)
    tracee = Tracee(pid, entries)
    tracee.set_up()
    return tracee


class Tracee:
    def __init__(self, pid, entries):
        self.pid = pid
        self.entries = entries
        self.base = Regs()
        ptrace(GETREGS, pid, None, ctypes.addressof(self.base))
        self.base.eflags &= ~TRAP_FLAG
        self.base.orig_rax = 2**64 - 1
        self.base.rsp = STACK_POINTER
        self.base.rax = SCRATCH + 0x3000
        self.regs = Regs()
        self.stat = os.open(f'/proc/{pid}/stat', os.O_RDONLY)
        self.pagemap = os.open(f'/proc/{pid}/pagemap', os.O_RDONLY)
        self.alive = True
        self.pid_forked = None

    def close(self):
        os.close(self.stat)
        os.close(self.pagemap)
        self.alive = False

    def set_up(self):
        """Only text, scratch and stack stay mapped; handlers for the two memory signals."""
        self.must('mmap', 9, SCRATCH, SCRATCH_BYTES, 3, 0x11, 3, 0)
        self.must('close', 3, 3)
        self.run('settle', rdi=SCRATCH, rsi=SCRATCH_BYTES >> 12)
        memory = os.open(f'/proc/{self.pid}/mem', os.O_RDWR)
        action = struct.pack('<QQQQ', self.entries['handler'], 0x4 | 0x08000000 | 0x40000000 | 0x04000000,
                             self.entries['restorer'], 0)
        os.pwrite(memory, struct.pack('<QQQ', ALTSTACK, 0, ALTSTACK_BYTES), BUFFER)
        os.pwrite(memory, action, BUFFER + 64)
        os.close(memory)
        self.must('sigaltstack', 131, BUFFER, 0)
        for number in (signal.SIGSEGV, signal.SIGBUS):
            self.must('sigaction', 13, number, BUFFER + 64, 0, 8)
        with open(f'/proc/{self.pid}/maps') as file:
            lines = file.read().splitlines()
        for line in lines:
            first, last = (int(part, 16) for part in line.split(' ', 1)[0].split('-'))
            if first in (TEXT, SCRATCH) or line.endswith(('[stack]', '[vsyscall]')):
                continue
            self.must('munmap', 11, first, last - first)

    def must(self, name, number, *args):
        result = self.call(number, *args)
        if result < 0:
            raise OSError(-result, name)
        return result

    def call(self, number, *args):
        """A system call; returns its signed result."""
        args = [arg & (2**64 - 1) for arg in args] + [0] * (6 - len(args))
        rdi, rsi, rdx, r10, r8, r9 = args
        outcome = self.run('call', rax=number, rdi=rdi, rsi=rsi, rdx=rdx, r10=r10, r8=r8, r9=r9)
        assert outcome is None, outcome
        result = self.regs.rax
        return result - 2**64 if result >= 2**63 else result

    def run(self, entry, trap=False, **values):
        """Run one entry point to its int3. None, or (signal, code, address, error code) of the fault that stopped it."""
        regs = self.regs
        ctypes.memmove(ctypes.addressof(regs), ctypes.addressof(self.base), ctypes.sizeof(regs))
        regs.rip = self.entries[entry]
        for name, value in values.items():
            setattr(regs, name, value)
        if trap:
            regs.eflags |= TRAP_FLAG
        ptrace(SETREGS, self.pid, None, ctypes.addressof(regs))
        ptrace(CONT, self.pid)
        if trap:  # the jump is done: now the fetch at its target
            first = self.wait()
            if first is not None:
                return first
            ptrace(CONT, self.pid)
        fault = self.wait()
        if fault is None:
            ptrace(GETREGS, self.pid, None, ctypes.addressof(regs))
        return fault

    def wait(self):
        while True:
            _, status = os.waitpid(self.pid, WALL)
            if not os.WIFSTOPPED(status):
                self.close()
                raise Died(status)
            number = os.WSTOPSIG(status)
            if status >> 16:
                message = ctypes.c_ulong()
                ptrace(GETEVENTMSG, self.pid, None, ctypes.addressof(message))
                self.pid_forked = message.value
                ptrace(CONT, self.pid)
            elif number == signal.SIGTRAP:
                return None
            elif number in (signal.SIGSEGV, signal.SIGBUS):
                return self.fault(number)
            elif number in (signal.SIGILL, signal.SIGFPE):
                return None  # the fetch worked; what was there does not matter
            else:
                ptrace(CONT, self.pid, None, 0)

    def fault(self, number):
        info = (ctypes.c_byte * 128)()
        ptrace(GETSIGINFO, self.pid, None, ctypes.addressof(info))
        code, address = struct.unpack_from('<i4xQ', bytes(info), 8)
        ptrace(CONT, self.pid, None, number)
        _, status = os.waitpid(self.pid, WALL)
        if not os.WIFSTOPPED(status):
            self.close()
            raise Died(status)
        assert os.WSTOPSIG(status) == signal.SIGTRAP, hex(status)
        ptrace(GETREGS, self.pid, None, ctypes.addressof(self.regs))
        error = struct.unpack('<Q', self.scratch(self.regs.rdx + 192, 8))[0]
        return number, code, address, error

    def scratch(self, address, size):
        return SHARED[0][address - SCRATCH:address - SCRATCH + size]

    def fork(self):
        """fork(2): (child Tracee, None) or (None, errno)."""
        self.pid_forked = None
        result = self.call(57)
        if result < 0:
            return None, -result
        pid = self.pid_forked
        _, status = os.waitpid(pid, WALL)
        assert os.WIFSTOPPED(status), hex(status)
        child = Tracee(pid, self.entries)
        fault = child.run('settle', rdi=SCRATCH, rsi=SCRATCH_BYTES >> 12)
        assert fault is None, fault
        return child, None

    def exit(self, code):
        try:
            self.call(231, code)
        except Died:
            return
        raise AssertionError('exit came back')

    def kill(self):
        os.kill(self.pid, signal.SIGKILL)
        while True:
            _, status = os.waitpid(self.pid, WALL)
            if not os.WIFSTOPPED(status):
                break
        self.close()

    def faults(self):
        text = os.pread(self.stat, 1024, 0)
        fields = text[text.rindex(b')') + 2:].split()
        return int(fields[7]), int(fields[9])


SHARED = []  # [mmap of the scratch memory], shared by all stub processes of a trace
