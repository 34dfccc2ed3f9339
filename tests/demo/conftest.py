from collections.abc import Iterator

import pytest

from tests.demo.server import Demo


@pytest.fixture(scope="package")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """One server for all tests that need one."""
    pytest.importorskip("gradio", reason="the package gradio is missing")
    running = Demo(tmp_path_factory.mktemp("demo") / "tmp", "--max-pixels", "2000000")
    yield running
    assert running.stop() == 143
    assert running.files() == [], "something was left in the temporary folder"
