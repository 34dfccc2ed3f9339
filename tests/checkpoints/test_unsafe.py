"""A pickle that executes code is refused by name, and its code does not run."""

import io
import os
import pickle
from pathlib import Path
from typing import Any

import pytest
import torch

from swinsr.checkpoints import load
from swinsr.checkpoints.read import read_tensors
from swinsr.errors import UnsafeCheckpointError


class Payload:
    """Makes a folder when it is unpickled."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.marker),)


def zipped(content: object) -> bytes:
    buffer = io.BytesIO()
    torch.save(content, buffer)
    return buffer.getvalue()


def legacy(content: object) -> bytes:
    buffer = io.BytesIO()
    torch.save(content, buffer, _use_new_zipfile_serialization=False)
    return buffer.getvalue()


WRITERS = {"zip": zipped, "legacy": legacy} | {
    f"pickle protocol {n}": lambda content, n=n: pickle.dumps(content, protocol=n) for n in range(6)
}


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
@pytest.mark.parametrize("writer", WRITERS)
@pytest.mark.parametrize("wrapped", [False, True], ids=["bare", "beside weights"])
def test_rejects_malicious_pickle_without_running_it(
    tmp_path: Path, writer: str, wrapped: bool
) -> None:
    marker = tmp_path / "executed"
    payload = Payload(marker)
    weights = torch.ones(1) if writer in ("zip", "legacy") else 1.0
    content = {"params": {"conv_first.weight": weights}, "hook": payload} if wrapped else payload
    path = tmp_path / "model.pth"
    path.write_bytes(WRITERS[writer](content))
    for read in (read_tensors, load):
        with pytest.raises(UnsafeCheckpointError, match=r"model\.pth asks to run \w+\.mkdir"):
            read(path)
    assert not marker.exists()


def test_the_payload_does_run_where_pickle_is_trusted(tmp_path: Path) -> None:
    marker = tmp_path / "executed"
    pickle.loads(pickle.dumps(Payload(marker)))
    assert marker.exists()


def test_names_the_class_of_a_pickled_network(tmp_path: Path) -> None:
    path = tmp_path / "model.pth"
    torch.save(torch.nn.Linear(1, 1), path)
    with pytest.raises(UnsafeCheckpointError, match=r"torch\.nn\.modules\.linear\.Linear"):
        read_tensors(path)
