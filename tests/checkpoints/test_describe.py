"""What a person is told of a checkpoint."""

from pathlib import Path

import pytest
import torch

from swinsr.checkpoints import describe, load, save
from swinsr.checkpoints.describe import task_of
from swinsr.models import config_from_published
from tests.checkpoints.samples import tiny
from tests.parity.golden_cases import INDEX

TASKS = {
    "classical": "classical_sr",
    "light": "lightweight_sr",
    "real": "real_sr",
    "compressed": "compressed_sr",
    "hf": "high_frequency_sr",
    "gray_denoise": "gray_denoise",
    "color_denoise": "color_denoise",
    "gray_jpeg": "gray_jpeg",
    "color_jpeg": "color_jpeg",
}


def test_tells_what_the_file_tells(tmp_path: Path) -> None:
    network = tiny()
    path = save(network, tmp_path / "a.safetensors", task="mine", provenance={"data": "DIV2K"})
    told = describe(load(path))
    assert (told.family, told.task, told.scale) == ("swinir", "mine", 2)
    assert told.parameters == sum(p.numel() for p in network.parameters())
    assert told.config == network.config.to_dict()
    assert told.metadata == {"data": "DIV2K"} and told.inferred == {}


def test_tells_what_was_inferred(tmp_path: Path) -> None:
    torch.save(tiny().state_dict(), tmp_path / "a.pth")
    told = describe(load(tmp_path / "a.pth"))
    assert told.task == "lightweight_sr"
    assert {"task", "img_range", "img_size", "qk_scale"} <= set(told.inferred)
    assert told.inferred["img_range"].startswith("1,")


@pytest.mark.parametrize("name", [n for n in INDEX if INDEX[n]["family"] in ("swinir", "swin2sr")])
def test_task_of_published_networks(name: str) -> None:
    case = INDEX[name]
    words = name.partition("_")[2]
    expected = TASKS[words if words in TASKS else words.partition("_")[0]]
    assert task_of(config_from_published(case["family"], case["config"])) == expected
