"""The place traces are recorded in: a private tmpfs, an ext4 file system in a file, a memory group, one CPU - all undone at the end."""
import contextlib
import ctypes
import os
import subprocess
import tempfile

from record import Place
from tracee import libc

GROUP = '/sys/fs/cgroup/memory/mmulator-recorder'
CLONE_NEWNS = 0x00020000
MS_REC_PRIVATE = 0x44000


@contextlib.contextmanager
def place(cpu=1, disk=True):
    os.sched_setaffinity(0, {cpu})
    libc.prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER
    root = tempfile.mkdtemp(prefix='recorder-')
    if libc.unshare(CLONE_NEWNS) or libc.mount(b'none', b'/', None, MS_REC_PRIVATE, None):
        raise OSError(ctypes.get_errno(), 'a mount namespace of our own')
    os.chmod(root, 0o755)
    memory, disk_directory = root + '/tmpfs', root + '/disk'
    os.mkdir(memory)
    subprocess.run(['mount', '-t', 'tmpfs', 'tmpfs', memory], check=True)
    if disk:
        os.mkdir(disk_directory)
        image = root + '/image'
        with open(image, 'wb') as file:
            file.truncate(64 << 20)
        # No journal, as the disk of the recordings had none: its commits write back pages of files that nobody synchronised.
        subprocess.run(['mkfs.ext4', '-q', '-b', '4096', '-O', '^has_journal', image], check=True)
        subprocess.run(['mount', '-o', 'loop', image, disk_directory], check=True)
    group = f'{GROUP}-{os.getpid()}'
    os.mkdir(group)
    try:
        yield Place(memory, disk_directory if disk else None, group, cpu)
    finally:
        os.rmdir(group)
        if disk:
            subprocess.run(['umount', disk_directory], check=True)
            os.unlink(root + '/image')
            os.rmdir(disk_directory)
        subprocess.run(['umount', memory], check=True)
        os.rmdir(memory)
        os.rmdir(root)
