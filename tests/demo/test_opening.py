"""From the command to the page: the port, the loading page, the handing over."""

import json
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from swinsr.demo.serving.opening import Opening
from swinsr.errors import ConfigError


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def get(url: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_a_page_answers_before_the_rest_is_loaded_and_then_gives_way(tmp_path: Path) -> None:
    pytest.importorskip("gradio", reason="the package gradio is missing")
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    start = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "swinsr", "demo", "--port", str(port)],
        stderr=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    seen: list[tuple[float, str]] = []
    try:
        while time.monotonic() < start + 120 and process.poll() is None:
            try:
                status, text = get(f"{url}/health")
            except (urllib.error.URLError, ConnectionError):
                time.sleep(0.02)
                continue
            state = json.loads(text)["status"]
            assert status == (200 if state == "ok" else 503)
            if not seen or seen[-1][1] != state:
                seen.append((time.monotonic() - start, state))
            if state == "ok":
                break
        assert [state for _, state in seen] == ["starting", "ok"]
        # 0.5 s on a machine with nothing else to do; tests run beside other work.
        assert seen[0][0] < 10
        assert "gradio_config" in get(url)[1], "the page itself is there"
    finally:
        process.terminate()
        process.wait(60)


def test_the_loading_page_is_whole_and_programs_are_told_to_come_again() -> None:
    port = free_port()
    opening = Opening("127.0.0.1", port)
    try:
        assert opening.url == f"http://127.0.0.1:{port}/"
        status, page = get(opening.url)
        assert status == 200 and "SwinSR is starting" in page and "<svg" in page
        assert "http://" not in page.replace("http://www.w3.org/2000/svg", "")
        assert get(f"{opening.url}gradio_api/info")[0] == 503
    finally:
        opening.hand_over()
        opening.hand_over()
    Opening("127.0.0.1", port).hand_over()  # the port is free at once


def test_a_visitor_who_says_nothing_does_not_keep_the_port() -> None:
    port = free_port()
    opening = Opening("127.0.0.1", port)
    with socket.create_connection(("127.0.0.1", port)):
        start = time.monotonic()
        opening.hand_over()
        assert time.monotonic() - start < 3
        Opening("127.0.0.1", port).hand_over()


def test_a_taken_port_is_told_at_once() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=rf"port {port}: it is taken .*--port"):
            Opening("127.0.0.1", port)
        code = (
            "import sys; sys.argv[1:] = ['demo', '--port', sys.argv[1]]\n"
            "from swinsr.cli import main\n"
            "try: main()\n"
            "finally: print({'gradio', 'torch', 'pandas'} & set(sys.modules))"
        )
        done = subprocess.run(
            [sys.executable, "-c", code, str(port)], capture_output=True, text=True, timeout=120
        )
    assert done.returncode == 1 and "--port" in done.stderr
    assert done.stdout.strip() == "set()", "something heavy was loaded first"


def test_an_address_of_another_machine_is_told() -> None:
    with pytest.raises(ConfigError, match="not this machine's"):
        Opening("192.0.2.1", free_port())
