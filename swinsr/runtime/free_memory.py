"""How much memory may be taken: what the user allows, or a share of what is free."""

import os
import re
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from swinsr.errors import ConfigError

if TYPE_CHECKING:
    import torch

# The rest is for other programs, the pages of files, and what the model leaves out.
SHARE = 0.6
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([KMGT]?)I?B?", re.IGNORECASE)
_POWER = {"": 0, "K": 1, "M": 2, "G": 3, "T": 4}
_LEAST = 1 << 20


def parse_size(text: str) -> int:
    """Bytes of "4G", "512M", "1.5GiB" or "3000000000"; units are powers of 1024.

    Raises:
        ConfigError: anything else, or less than a megabyte.
    """
    match = _SIZE.fullmatch(text.strip())
    size = int(float(match[1]) * 1024 ** _POWER[match[2].upper()]) if match else 0
    if size < _LEAST:
        raise ConfigError(f"a memory size is written as 4G or 512M, not {text!r}")
    return size


def budget(device: "torch.device", memory: int | None = None) -> int:
    """Bytes that may be taken on top of what the process holds now.

    Args:
        device: whose memory; a GPU's own, else the machine's.
        memory: the most that the user allows, all in all; None for a share of what is free.
    """
    if memory is None:
        return int(SHARE * free_memory(device))
    if device.type == "cuda":
        import torch

        return max(memory - torch.cuda.memory_allocated(device), 0)
    return max(memory - resident_memory(), 0)


def free_memory(device: "torch.device", root: Path = Path("/")) -> int:
    """Bytes that could be taken: of the machine, its container and the process's own limit.

    Args:
        device: whose memory.
        root: of the file system; for tests.
    """
    if device.type == "cuda":
        import torch

        free, _ = torch.cuda.mem_get_info(device)
        unused = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        return int(free) + unused
    return min([_of_machine(), *_of_groups(root), *_of_limits()])


def resident_memory() -> int:
    """Bytes of memory that this process holds."""
    try:
        return int(psutil.Process().memory_info().rss)
    except (psutil.Error, OSError):  # a sandbox without /proc
        return _peak()


def _peak() -> int:
    """The largest that the process ever held: near enough where the present size is not told."""
    if sys.platform == "win32":
        return 0
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def _of_machine() -> int:
    try:
        return int(psutil.virtual_memory().available)
    except (psutil.Error, OSError):
        # Half of what there is usually is free.
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2


def _of_groups(root: Path) -> Iterator[int]:
    """What control groups, version 1 and 2, leave; a container's limit is one."""
    try:
        lines = (root / "proc/self/cgroup").read_text(encoding="utf-8").splitlines()
    except OSError:
        return
    mounts = root / "sys/fs/cgroup"
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if not controllers:
            names = ("memory.max", "memory.current", "inactive_file")
            tops: tuple[Path, ...] = (mounts, mounts / "unified")
        elif "memory" in controllers.split(","):
            names = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
            tops = (mounts / "memory",)
        else:
            continue
        for top in tops:
            # Every group above limits too. In a container the path may be the host's and not be
            # there, and the top is the container's own.
            group = top / path.strip("/")
            for folder in (group, *group.parents):
                yield from _of_group(folder, *names)
                if folder == top:
                    break


def _of_group(folder: Path, limit: str, usage: str, reclaimable: str) -> Iterator[int]:
    try:
        most = (folder / limit).read_text(encoding="ascii").strip()
        used = int((folder / usage).read_text(encoding="ascii"))
        stat = (folder / "memory.stat").read_text(encoding="ascii").split()
    except (OSError, ValueError):
        return
    if most == "max":
        return
    # Pages of files count as used, and are given up when memory is asked for.
    pages = dict(zip(stat[::2], stat[1::2], strict=False))
    yield max(int(most) - used + int(pages.get(reclaimable, "0")), 0)


def _of_limits() -> Iterator[int]:
    """What `ulimit -v` leaves."""
    if sys.platform == "win32":
        return
    import resource

    soft, _ = resource.getrlimit(resource.RLIMIT_AS)
    if soft == resource.RLIM_INFINITY:
        return
    with suppress(OSError):
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        yield max(soft - pages * os.sysconf("SC_PAGE_SIZE"), 0)
