"""How kernels are spread over threads: in PyTorch's OpenMP team, or in a pool of our own."""

import ctypes
import os
import signal
import sys
from collections.abc import Iterator

import pytest
import torch
from torch import Tensor

from swinsr.nn.block import SwinBlock
from swinsr.ops.native import library, threads

pytestmark = pytest.mark.skipif(bool(library.unavailable()), reason=library.unavailable())


@pytest.fixture
def _two_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def outcome() -> Tensor:
    torch.manual_seed(0)
    block = SwinBlock(24, 2, 4, 2, mlp_ratio=2)
    return block.run_native(torch.randn(2, 16, 16, 24), bfloat16=False).detach()


@pytest.mark.usefixtures("_two_threads")
def test_pool_computes_what_the_team_computes(monkeypatch: pytest.MonkeyPatch) -> None:
    with_team = outcome()
    monkeypatch.setattr(threads, "_openmp", lambda: None)
    assert torch.equal(outcome(), with_team)


@pytest.mark.skipif(sys.platform != "linux", reason="looks for GNU's OpenMP")
@pytest.mark.skipif(not torch.backends.openmp.is_available(), reason="PyTorch without OpenMP")
def test_pytorchs_openmp_is_found() -> None:
    assert threads._openmp() is not None


@pytest.mark.usefixtures("_two_threads")
def test_every_thread_of_a_team_has_its_own_number() -> None:
    seen: list[int] = []
    kind = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_void_p, ctypes.c_int64)

    @kind
    def kernel(call: object, thread: int) -> int:
        seen.append(thread)
        return 0

    threads.run(kernel, ctypes.byref(ctypes.c_int64()), 2, [])
    assert sorted(seen) in ([0, 1], [0])  # OpenMP may give fewer


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
@pytest.mark.usefixtures("_two_threads")
def test_forked_child_computes_too() -> None:
    expected = outcome()  # wakes the team, which the child will not have
    child = os.fork()
    if not child:
        signal.alarm(20)  # ends a child that waits for threads it has not got
        # Whatever happens in the child, it must not go on with the tests.
        try:
            os._exit(0 if torch.equal(outcome(), expected) else 1)
        finally:
            os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
