"""Downloads from a local server that truncates, stalls, lies, redirects and fails."""

import hashlib
import io
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from swinsr.errors import ConfigError, DownloadError, ModelNotFoundError
from swinsr.zoo import (
    ModelEntry,
    cached_path,
    download,
    models_folder,
    published_models,
    read_record,
    remove,
    verify,
)
from swinsr.zoo import download as download_function
from swinsr.zoo.cache import cache_folder, is_offline, partial_paths
from swinsr.zoo.download import urls
from swinsr.zoo.find import find_weights
from tests.zoo.server import Server

BUFFER = io.BytesIO()
torch.save({"weight": torch.arange(60_000, dtype=torch.float32)}, BUFFER)
CONTENT = BUFFER.getvalue()
DIGEST = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(CONTENT) as running:
        yield running


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("SWINSR_MIRROR", "SWINSR_OFFLINE", "HF_HUB_OFFLINE", "SWINSR_TIMEOUT"):
        monkeypatch.delenv(name, raising=False)
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SWINSR_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def entry(server: Server, **changes: Any) -> ModelEntry:
    known: dict[str, Any] = {"bytes": len(CONTENT), "sha256": DIGEST}
    return ModelEntry(
        name="model",
        file="model.pth",
        task="classical_sr",
        scale=4,
        licence="Apache-2.0",
        url=f"{server.url}/model.pth",
        **known | changes,
    )


def unknown(server: Server) -> ModelEntry:
    return entry(server, bytes=None, sha256=None)


def get(model: ModelEntry, **options: Any) -> Path:
    return download(model, **{"timeout": 0.2, "attempts": 2, "pause": 0.0} | options)


def left() -> list[str]:
    folder = models_folder()
    return (
        sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*"))
        if folder.exists()
        else []
    )


def test_whole_file_is_verified_and_recorded(server: Server) -> None:
    path = get(entry(server))
    assert path.read_bytes() == CONTENT
    record = read_record(path)
    assert record is not None and (record.sha256, record.verified) == (DIGEST, True)
    assert left() == ["model.pth", "model.pth.json"]
    assert verify(entry(server)).good


def test_second_download_asks_nobody(server: Server) -> None:
    get(entry(server))
    get(entry(server))
    assert len(server.requests) == 1
    get(entry(server), force=True)
    assert len(server.requests) == 2


@pytest.mark.parametrize("fault", ["cut", "stall", "cut chunked"])
def test_broken_transfer_goes_on_where_it_stopped(server: Server, fault: str) -> None:
    server.script = [fault, "whole"]
    assert get(entry(server)).read_bytes() == CONTENT
    assert server.requests[1][1] == f"bytes={len(CONTENT) // 2}-"


def test_a_length_that_is_never_reached_is_given_up(server: Server) -> None:
    server.script = ["long"]
    with pytest.raises(DownloadError):
        get(unknown(server))
    assert len(server.requests) < 8
    assert not cached_path(unknown(server))


def test_without_a_version_tag_a_broken_transfer_begins_anew(server: Server) -> None:
    server.tag = None
    server.script = ["cut", "whole"]
    assert get(entry(server)).read_bytes() == CONTENT
    assert server.requests[1][1] is None


def test_a_file_that_changed_meanwhile_begins_anew(server: Server) -> None:
    server.script = ["cut", 503, 503]
    with pytest.raises(DownloadError):
        get(entry(server))
    server.tag, server.script = '"v2"', ["whole"]
    assert get(entry(server)).read_bytes() == CONTENT


@pytest.mark.parametrize("fault", ["no resume", "wrong part"])
def test_a_server_that_cannot_resume_gives_the_whole(server: Server, fault: str) -> None:
    server.script = ["cut", fault, "whole"]
    assert get(entry(server)).read_bytes() == CONTENT


def test_the_next_run_continues_what_was_interrupted(server: Server) -> None:
    server.script = ["cut", 500]
    with pytest.raises(DownloadError, match="500"):
        get(entry(server))
    assert cached_path(entry(server)) is None
    assert left() == [".partial", ".partial/model.pth", ".partial/model.pth.json"]
    server.script = ["whole"]
    assert get(entry(server)).read_bytes() == CONTENT
    assert server.requests[-1][1] == f"bytes={len(CONTENT) // 2}-"
    assert left() == ["model.pth", "model.pth.json"]


def test_a_whole_partial_file_is_taken_without_asking(server: Server) -> None:
    server.script = ["cut", 500]
    with pytest.raises(DownloadError):
        get(entry(server))
    part, _, _ = partial_paths(models_folder() / "model.pth")
    part.write_bytes(CONTENT)
    before = len(server.requests)
    assert get(entry(server)).read_bytes() == CONTENT
    assert len(server.requests) == before


def test_a_partial_file_that_is_not_its_beginning_never_gets_in(server: Server) -> None:
    server.script = ["cut", 500]
    with pytest.raises(DownloadError):
        get(entry(server))
    part, _, _ = partial_paths(models_folder() / "model.pth")
    part.write_bytes(b"x" * 100)
    server.script = ["whole"]
    with pytest.raises(DownloadError, match="sha256"):
        get(entry(server))
    assert left() == []
    assert get(entry(server)).read_bytes() == CONTENT


def test_wrong_bytes_leave_nothing(server: Server) -> None:
    server.content = CONTENT[:-1] + b"?"
    with pytest.raises(DownloadError, match="is not model: it has sha256"):
        get(entry(server))
    assert left() == []


@pytest.mark.parametrize("fault", ["long", "short", "page"])
def test_a_length_other_than_the_published_is_refused_at_once(server: Server, fault: str) -> None:
    server.script = [fault]
    with pytest.raises(DownloadError, match="another file"):
        get(entry(server))
    assert left() == []


@pytest.mark.parametrize("fault", ["cut", "stall", "long", "short", "page", "no length", "gzip"])
def test_of_an_unknown_file_nothing_but_the_whole_gets_in(server: Server, fault: str) -> None:
    server.script = [fault]
    server.tag = None
    with pytest.raises(DownloadError):
        get(unknown(server))
    assert left() == []


def test_an_unknown_hash_is_recorded_and_said_not_to_be_verified(server: Server) -> None:
    path = get(unknown(server))
    record = read_record(path)
    assert record is not None and (record.sha256, record.verified) == (DIGEST, False)
    assert verify(unknown(server)).sentence.endswith("no sha256 is published for it")
    path.write_bytes(CONTENT[:-1] + b"?")
    assert not verify(unknown(server)).good


def test_chunks_without_a_length_are_enough(server: Server) -> None:
    server.script = ["chunked"]
    assert get(unknown(server)).read_bytes() == CONTENT


def test_follows_redirects_but_not_in_circles(server: Server) -> None:
    server.script = ["redirect", "whole"]
    assert get(entry(server)).read_bytes() == CONTENT
    assert server.requests[-1][0] == "/elsewhere"
    server.script = ["loop"]
    with pytest.raises(DownloadError, match="302"):
        get(entry(server), force=True)


def test_missing_file_fails_at_once_and_names_the_status(server: Server) -> None:
    server.script = [404]
    with pytest.raises(DownloadError, match="answers 404"):
        get(entry(server))
    assert len(server.requests) == 1
    assert left() == []


def test_passing_fault_of_the_server_is_tried_again(server: Server) -> None:
    server.script = [500, "whole"]
    assert get(entry(server)).read_bytes() == CONTENT


def test_lasting_fault_of_the_server_is_given_up(server: Server) -> None:
    server.script = [503]
    with pytest.raises(DownloadError, match=r"503.*try again later"):
        get(entry(server), attempts=3)
    assert len(server.requests) == 3


def test_no_connection_is_one_sentence_within_seconds() -> None:
    with Server(CONTENT) as gone:
        model = entry(gone)
    start = time.monotonic()
    with pytest.raises(DownloadError, match=r"^no connection to 127.0.0.1 \(Connection refused\)"):
        download(model)  # by its own patience
    assert time.monotonic() - start < 5
    assert left() == []


def test_a_network_that_swallows_everything_is_given_up_within_seconds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As behind a firewall: neither the name nor the address ever answers."""
    from swinsr.zoo import connect as module

    monkeypatch.setattr(module, "SECONDS", 0.3)
    asked = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_: asked.wait(30))
    start = time.monotonic()
    with pytest.raises(TimeoutError):
        module.connect(("nowhere.example", 443))
    assert time.monotonic() - start < 2
    asked.set()
    monkeypatch.undo()
    monkeypatch.setattr(module, "SECONDS", 0.3)
    with socket.socket() as full:  # a listener that never accepts, its queue taken
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        held = []
        with pytest.raises(TimeoutError):
            for _ in range(8):
                held.append(module.connect(full.getsockname()))
        for connection in held:
            connection.close()


def test_a_mirror_comes_first_and_the_publisher_after_it(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SWINSR_MIRROR", f"{server.url}/mirror/, {server.url}/by/{{name}}")
    server.script = [404, 404, "whole"]
    get(entry(server))
    assert [path for path, _ in server.requests] == ["/mirror/model.pth", "/by/model", "/model.pth"]


@pytest.mark.parametrize("mirror", ["ftp://host/", "/folder", "http://host/{other}"])
def test_refuses_a_mirror_that_cannot_be_used(
    server: Server, monkeypatch: pytest.MonkeyPatch, mirror: str
) -> None:
    monkeypatch.setenv("SWINSR_MIRROR", mirror)
    with pytest.raises(ConfigError, match="SWINSR_MIRROR"):
        urls(entry(server))


def test_a_proxy_from_the_environment_is_used(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", server.url)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    model = entry(server)
    far = ModelEntry(**{**vars(model), "url": "http://weights.example/model.pth"})
    assert get(far).read_bytes() == CONTENT
    assert server.requests == [("http://weights.example/model.pth", None)]


def test_offline_asks_nobody_and_says_what_to_do(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SWINSR_OFFLINE", "1")
    with pytest.raises(DownloadError, match="SWINSR_OFFLINE"):
        get(entry(server))
    assert server.requests == []


def test_offline_gives_what_is_in_the_cache(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = get(entry(server))
    monkeypatch.setenv("HF_HUB_OFFLINE", "true")
    assert is_offline() and get(entry(server)) == path


def test_remove_takes_all_that_belongs_to_a_model(server: Server) -> None:
    get(entry(server))
    assert len(remove(entry(server))) == 2
    assert left() == [] and remove(entry(server)) == []
    with pytest.raises(ModelNotFoundError, match="models download model"):
        verify(entry(server))


def test_two_at_once_download_once(server: Server) -> None:
    paths: list[Path] = []
    threads = [threading.Thread(target=lambda: paths.append(get(entry(server)))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [p.read_bytes() for p in paths] == [CONTENT] * 4
    assert len(server.requests) == 1


def test_progress_counts_what_was_there_before(server: Server) -> None:
    server.script = ["cut", "whole"]
    told: list[tuple[int, int | None]] = []
    get(entry(server), report=lambda done, total: told.append((done, total)))
    assert told[-1] == (len(CONTENT), len(CONTENT))
    assert [done for done, _ in told] == sorted(done for done, _ in told)


@pytest.mark.parametrize("tag", ['"v1"', None])
def test_a_stop_by_the_user_leaves_only_what_can_be_continued(
    server: Server, tag: str | None
) -> None:
    def stop(done: int, total: int | None) -> None:
        raise KeyboardInterrupt

    server.tag = tag
    with pytest.raises(KeyboardInterrupt):
        get(entry(server), report=stop)
    assert cached_path(entry(server)) is None
    kept = [".partial", ".partial/model.pth", ".partial/model.pth.json"]
    assert left() == (kept if tag else [])
    assert get(entry(server)).read_bytes() == CONTENT


def test_unwritable_cache_is_a_sentence(server: Server, home: Path) -> None:
    home.write_text("a file where the folder shall be")
    with pytest.raises(DownloadError, match="SWINSR_HOME"):
        get(entry(server))


@pytest.mark.parametrize("text", ["0", "soon", "-3"])
def test_refuses_a_timeout_that_is_none(
    server: Server, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setenv("SWINSR_TIMEOUT", text)
    with pytest.raises(ConfigError, match="SWINSR_TIMEOUT"):
        download_function(entry(server))


def test_the_cache_follows_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert cache_folder() == tmp_path / "home"
    monkeypatch.delenv("SWINSR_HOME")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache_folder() == tmp_path / "xdg" / "swinsr"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_folder() == tmp_path / ".cache" / "swinsr"


def test_a_published_name_leads_to_the_download_and_then_to_the_file() -> None:
    model = next(m for m in published_models() if m.name == "swinir-classical-x4-df2k")
    for name in (model.name, model.file):
        with pytest.raises(ModelNotFoundError, match=f"swinsr models download {model.name}"):
            find_weights(name)
    with Server(CONTENT) as server:
        changes = {"url": f"{server.url}/x", "bytes": len(CONTENT), "sha256": DIGEST}
        path = get(ModelEntry(**{**vars(model), **changes}))
    assert find_weights(model.name) == find_weights(model.file) == path
