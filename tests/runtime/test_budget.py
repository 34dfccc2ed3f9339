"""What is free, from the files in which the system tells it."""

from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
import torch

from swinsr.errors import ConfigError
from swinsr.runtime.free_memory import SHARE, budget, free_memory, parse_size, resident_memory

CPU = torch.device("cpu")
GIB = 1 << 30


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("4G", 4 * GIB),
        ("512m", GIB // 2),
        ("1.5GiB", 3 * GIB // 2),
        ("2 GB", 2 * GIB),
        ("1T", 1024 * GIB),
        ("3000000000", 3_000_000_000),
        ("2048K", 1 << 21),
    ],
)
def test_sizes_are_read_as_they_are_written(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "G", "-1G", "4 apples", "0", "1K", "1e9", "nan"])
def test_refuses_what_is_no_size(text: str) -> None:
    with pytest.raises(ConfigError, match="4G or 512M"):
        parse_size(text)


@pytest.fixture
def eight(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that has 8 GiB left."""
    left = SimpleNamespace(available=8 * GIB)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: left)


def system(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


@pytest.mark.usefixtures("eight")
def test_machine_alone(tmp_path: Path) -> None:
    assert free_memory(CPU, system(tmp_path, {})) == 8 * GIB


@pytest.mark.usefixtures("eight")
def test_container_of_version_2_limits_and_gives_back_pages_of_files(tmp_path: Path) -> None:
    root = system(
        tmp_path,
        {
            "proc/self/cgroup": "0::/\n",
            "sys/fs/cgroup/memory.max": f"{2 * GIB}\n",
            "sys/fs/cgroup/memory.current": f"{GIB}\n",
            "sys/fs/cgroup/memory.stat": f"anon 5\ninactive_file {GIB // 4}\n",
        },
    )
    assert free_memory(CPU, root) == GIB + GIB // 4


@pytest.mark.usefixtures("eight")
def test_group_above_limits_too(tmp_path: Path) -> None:
    root = system(
        tmp_path,
        {
            "proc/self/cgroup": "0::/user/app\n",
            "sys/fs/cgroup/user/app/memory.max": "max\n",
            "sys/fs/cgroup/user/app/memory.current": "0\n",
            "sys/fs/cgroup/user/app/memory.stat": "\n",
            "sys/fs/cgroup/user/memory.max": f"{GIB}\n",
            "sys/fs/cgroup/user/memory.current": f"{GIB // 2}\n",
            "sys/fs/cgroup/user/memory.stat": "\n",
        },
    )
    assert free_memory(CPU, root) == GIB // 2


@pytest.mark.usefixtures("eight")
def test_container_of_version_1_limits(tmp_path: Path) -> None:
    root = system(
        tmp_path,
        {
            "proc/self/cgroup": "5:cpu,cpuacct:/x\n4:memory:/docker/abc\n",
            # The path is the host's; in the container there is only the top.
            "sys/fs/cgroup/memory/memory.limit_in_bytes": f"{3 * GIB}\n",
            "sys/fs/cgroup/memory/memory.usage_in_bytes": f"{GIB}\n",
            "sys/fs/cgroup/memory/memory.stat": f"total_inactive_file {GIB // 2}\n",
        },
    )
    assert free_memory(CPU, root) == 2 * GIB + GIB // 2


def test_default_is_a_share_and_a_given_size_counts_what_is_held() -> None:
    assert budget(CPU) == pytest.approx(SHARE * free_memory(CPU), rel=0.2)
    held = resident_memory()
    assert held > 1 << 26  # torch alone is more
    assert budget(CPU, 4 * GIB) == pytest.approx(4 * GIB - held, abs=1 << 27)
    assert budget(CPU, 1 << 20) == 0


def test_address_space_limit_counts() -> None:
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_AS)
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + 100 * (1 << 20)
    resource.setrlimit(resource.RLIMIT_AS, (limit, before[1]))
    try:
        assert free_memory(CPU) <= 100 << 20
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


def test_a_sandbox_that_shows_no_memory_still_has_an_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def hidden(*_: object) -> None:
        raise FileNotFoundError("/proc/meminfo")

    monkeypatch.setattr(psutil, "virtual_memory", hidden)
    monkeypatch.setattr(psutil, "Process", hidden)
    assert free_memory(CPU) > 0 and resident_memory() > 1 << 26
