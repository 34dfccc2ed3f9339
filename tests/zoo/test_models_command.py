"""`swinsr models`: list, download, info, verify, remove."""

import importlib
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from click.testing import Result
from typer.testing import CliRunner

from swinsr.checkpoints import load
from swinsr.cli import app
from swinsr.errors import ModelNotFoundError
from swinsr.models import config_from_published, from_published
from swinsr.zoo import find_weights, published_models
from tests.zoo.server import Server

UNKNOWN = "swinir-light-x3"  # no bytes and no sha256 are published for it
KNOWN = "swinir-light-x2"


@pytest.fixture(autouse=True)
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    config = {"embed_dim": 12, "depths": [1], "num_heads": [2], "window_size": 4, "upscale": 3}
    network = from_published("swinir", config | {"upsampler": "pixelshuffledirect"})
    buffer = io.BytesIO()
    torch.save({"params": network.state_dict()}, buffer)
    for name in ("http_proxy", "HTTP_PROXY", "SWINSR_OFFLINE", "HF_HUB_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SWINSR_HOME", str(tmp_path / "home"))
    with Server(buffer.getvalue()) as running:
        # All sources are the local one: what it refuses is asked for nowhere else.
        module = importlib.import_module("swinsr.zoo.download")
        monkeypatch.setattr(module, "urls", lambda entry: [f"{running.url}/x"])
        yield running


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["models", *arguments])


def test_plain_command_lists_everything() -> None:
    listed = run()
    assert listed.exit_code == 0
    assert all(model.name in listed.stdout for model in published_models())
    assert "swinsr-light-x4" in listed.stdout and "bicubic" in listed.stdout
    assert run("list").stdout == listed.stdout


def test_downloaded_model_is_listed_found_verified_and_removed(tmp_path: Path) -> None:
    done = run("download", UNKNOWN)
    assert done.exit_code == 0 and str(tmp_path / "home" / "models") in done.stdout
    assert "was not verified: no sha256 is published for it" in done.stderr
    assert load(find_weights(UNKNOWN)).config.scale == 3
    listed = run("list", "--downloaded").stdout
    assert UNKNOWN in listed and KNOWN not in listed
    assert run("verify").stdout.startswith(f"good  {UNKNOWN}")
    assert "not verified" in run("info", UNKNOWN).stdout
    assert run("remove", UNKNOWN).stdout == f"removed {UNKNOWN}\n"
    assert run("remove", UNKNOWN).stdout == f"{UNKNOWN} was not there\n"
    with pytest.raises(ModelNotFoundError, match="swinsr models download"):
        find_weights(UNKNOWN)


def test_damaged_model_is_found_out() -> None:
    run("download", UNKNOWN)
    path = find_weights(UNKNOWN)
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    done = run("verify", UNKNOWN)
    assert done.exit_code == 1 and "BAD" in done.stdout and "--force" in done.stderr
    assert run("download", "--force", UNKNOWN).exit_code == 0
    assert run("verify", UNKNOWN).exit_code == 0


def test_other_bytes_than_the_published_are_refused_and_the_rest_goes_on() -> None:
    done = run("download", KNOWN, UNKNOWN)
    assert done.exit_code == 1
    assert "another file" in done.stderr and UNKNOWN in done.stdout
    names = [file.name for file in find_weights(UNKNOWN).parent.iterdir()]
    assert sorted(names) == [find_weights(UNKNOWN).name, find_weights(UNKNOWN).name + ".json"]


def test_info_tells_purpose_source_configuration_and_scores() -> None:
    told = run("info", "swinir-classical-x4-df2k").stdout
    for text in ("67,869,037", "4e78e33f22c1", "Apache-2.0", "upsampler", "Set5", "32.92", "of 8"):
        assert text in told
    assert "caidas/swin2SR-classical-sr-x2-64" in run("info", "swin2sr-classical-x2").stdout
    assert "ships with swinsr" in run("info", "swinsr-light-x4").stdout


def test_bundled_models_need_no_download(server: Server) -> None:
    done = run("download", "swinsr-light-x4")
    assert done.exit_code == 0 and "nothing to download" in done.stderr
    assert server.requests == []


@pytest.mark.parametrize("command", ["info", "verify", "remove"])
def test_unknown_names_are_refused(command: str) -> None:
    done = run(command, "nothing-of-that-name")
    assert isinstance(done.exception, ModelNotFoundError)


def test_every_entry_has_what_a_user_has_to_know() -> None:
    for model in published_models():
        assert model.licence == "Apache-2.0" and model.url and model.summary and model.config
        assert model.url.endswith("/" + model.file)
        config = config_from_published(str(model.family), model.config)
        assert config.scale == model.scale
        assert (model.bytes is None) or model.bytes > 10_000_000
        assert (model.noise is not None) == model.task.endswith("denoise")
