"""Triton kernels run on a GPU, or by Triton's interpreter where TRITON_INTERPRET=1 is set.

The interpreter has to be chosen before Triton is first imported, and holds for the whole process.
So these tests are collected only in a process that was started for them, which
`tests/ops/test_triton.py` does; with a GPU also by hand:

    python -m pytest tests/ops/triton
"""

import pytest
import torch

from swinsr.ops.gpu import interprets

if not interprets() and not torch.cuda.is_available():
    collect_ignore_glob = ["test_*.py"]


@pytest.fixture
def device() -> str:
    return "cpu" if interprets() else "cuda"
