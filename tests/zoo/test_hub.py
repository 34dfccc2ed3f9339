"""Models by their ids on the Hugging Face Hub, played by a local server."""

import hashlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from swinsr.checkpoints import save_huggingface
from swinsr.checkpoints.classifier_save import save_classifier
from swinsr.errors import ModelNotFoundError
from swinsr.models import from_published
from swinsr.zoo import find_weights
from swinsr.zoo.hub import is_hub_id
from tests.models.test_swin import tiny

COMMIT = "0123456789abcdef0123456789abcdef01234567"


class Hub:
    """Folders served as models, as the Hub's interface has it."""

    def __init__(self, models: dict[str, Path]) -> None:
        self.requests: list[str] = []
        owner = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_HEAD(self) -> None:
                self.reply(body=False)

            def do_GET(self) -> None:
                self.reply(body=True)

            def reply(self, *, body: bool) -> None:
                path = self.path.partition("?")[0]
                owner.requests.append(path)
                status, content, headers = 404, b"{}", {"X-Error-Code": "RepoNotFound"}
                for name, folder in models.items():
                    if path.startswith(f"/api/models/{name}/tree/"):
                        status, headers = 200, {"Content-Type": "application/json"}
                        content = json.dumps(
                            [
                                {
                                    "type": "file",
                                    "path": file.name,
                                    "size": file.stat().st_size,
                                    "oid": hashlib.sha1(file.read_bytes()).hexdigest(),
                                }
                                for file in sorted(folder.iterdir())
                            ]
                        ).encode()
                    elif path.startswith(f"/api/models/{name}"):
                        status, headers = 200, {"Content-Type": "application/json"}
                        files = [{"rfilename": file.name} for file in sorted(folder.iterdir())]
                        content = json.dumps(
                            {"id": name, "sha": COMMIT, "siblings": files, "private": False}
                        ).encode()
                    elif path.startswith(f"/{name}/resolve/"):
                        content = (folder / path.rpartition("/")[2]).read_bytes()
                        tag = hashlib.sha1(content).hexdigest()
                        status, headers = 200, {"ETag": f'"{tag}"', "X-Repo-Commit": COMMIT}
                self.send_response(status)
                for key, value in headers.items():
                    self.send_header(key, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                if body:
                    self.wfile.write(content)

            def log_message(self, *arguments: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True

    def __enter__(self) -> "Hub":
        threading.Thread(target=self.http.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self.http.shutdown()
        self.http.server_close()


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    torch_free = {"embed_dim": 12, "depths": [2], "num_heads": [2], "window_size": 4}
    restorer = from_published(
        "swin2sr", torch_free | {"upscale": 2, "upsampler": "pixelshuffle", "img_size": 16}
    )
    save_huggingface(restorer, tmp_path / "restorer")
    save_classifier(tiny("swinv2"), tmp_path / "classifier", layout="huggingface")
    models = {"some/restorer": tmp_path / "restorer", "some/classifier": tmp_path / "classifier"}
    with Hub(models) as running:
        yield running


def run(hub: Hub, home: Path, code: str, **more: str) -> "subprocess.CompletedProcess[str]":
    """Hugging Face's settings are read when it is imported, so each run is a new process."""
    environment = os.environ | {
        "HF_ENDPOINT": f"http://127.0.0.1:{hub.http.server_port}",
        "HF_HOME": str(home / "hf"),
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_DISABLE_XET": "1",
        "OMP_NUM_THREADS": "1",
        **more,
    }
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        environment.pop(name, None)
    return subprocess.run(
        [sys.executable, "-c", code],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


LOAD = """
from swinsr.errors import SwinsrError
from swinsr.models import Swin2SR, SwinTransformerV2
try:
    print(Swin2SR.from_pretrained("some/restorer").config.embed_dim)
    print(SwinTransformerV2.from_pretrained("some/classifier").config.num_classes)
except SwinsrError as error:
    print(type(error).__name__, error)
"""
MISSING = """
from swinsr.errors import SwinsrError
from swinsr.zoo import find_weights
try:
    find_weights("some/other")
except SwinsrError as error:
    print(type(error).__name__, error)
"""


def test_ids_are_downloaded_once_and_then_work_offline(hub: Hub, tmp_path: Path) -> None:
    first = run(hub, tmp_path, LOAD)
    assert first.stdout.split() == ["12", "5"], first.stdout + first.stderr
    asked = len(hub.requests)
    again = run(hub, tmp_path, LOAD, SWINSR_OFFLINE="1")
    assert again.stdout.split() == ["12", "5"], again.stdout + again.stderr
    assert len(hub.requests) == asked
    assert not [path for path in hub.requests if path.endswith(".bin")]


def test_offline_without_the_model_is_a_sentence(hub: Hub, tmp_path: Path) -> None:
    done = run(hub, tmp_path, LOAD, SWINSR_OFFLINE="1")
    assert done.stdout.startswith("DownloadError some/restorer is not on this machine")
    assert hub.requests == []


def test_an_id_that_nobody_has_is_a_sentence(hub: Hub, tmp_path: Path) -> None:
    done = run(hub, tmp_path, MISSING)
    assert done.stdout.startswith("ModelNotFoundError some/other is no file or folder here")


@pytest.mark.parametrize(
    ("name", "is_id"),
    [
        ("caidas/swin2SR-classical-sr-x2-64", True),
        ("microsoft/swin-tiny-patch4-window7-224", True),
        ("swinir-light-x2", False),
        ("a/b/c", False),
        ("../weights", False),
        ("./weights", False),
        ("/weights", False),
        ("a/b c", False),
        ("weights/model.pth", False),
        ("out/model.safetensors", False),
    ],
)
def test_what_has_the_form_of_an_id(name: str, is_id: bool) -> None:
    assert is_hub_id(name) is is_id


def test_a_path_that_is_not_there_is_not_looked_for_on_the_hub(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SWINSR_OFFLINE", "1")
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    for path in ("./some/model", "weights/model.pth"):
        with pytest.raises(ModelNotFoundError, match="neither a known model nor a file"):
            find_weights(path)
