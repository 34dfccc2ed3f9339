"""What is published: one version, links that hold on the index, wheels as they are tagged."""

import importlib.util
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from types import ModuleType

import pytest

from swinsr.version import __version__

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def module(path: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(Path(path).stem, ROOT / path)
    assert spec is not None and spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


def test_the_version_is_one() -> None:
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"\nversion: {__version__}\n" in citation
    manual = (ROOT / "docs/man/swinsr.1").read_text(encoding="utf-8")
    assert f'"swinsr {__version__}"' in manual


def test_links_of_the_readme_hold_on_the_index() -> None:
    pytest.importorskip("hatchling", reason="the build backend hatchling is not installed")
    absolute = module("hatch_build.py").with_absolute_links
    text = absolute(README, "https://github.com/o/r", "v1")
    links = re.findall(r"(!?)\[[^\]]*\]\(([^)]+)\)", text)
    assert all(link.startswith(("https://", "#")) for _, link in links)
    pictures = [link for mark, link in links if mark]
    assert pictures
    for link in pictures:
        place = "https://raw.githubusercontent.com/o/r/v1/"
        if link.startswith(place):
            assert (ROOT / link.removeprefix(place)).is_file(), link
    given = "[a](docs/a.md) ![b](b.png) [c](https://c) [d](#d)"
    blob, raw = "https://github.com/o/r/blob/v1", "https://raw.githubusercontent.com/o/r/v1"
    expected = f"[a]({blob}/docs/a.md) ![b]({raw}/b.png) [c](https://c) [d](#d)"
    assert absolute(given, "https://github.com/o/r", "v1") == expected


@pytest.mark.parametrize(
    ("head", "tag", "words"),
    [
        (b"\x7fELF" + bytes(14) + b"\x3e\0", "manylinux_2_17_x86_64", "kernels for x86_64"),
        (b"\x7fELF" + bytes(14) + b"\xb7\0", "manylinux_2_17_aarch64", "kernels for aarch64"),
        (b"\xcf\xfa\xed\xfe\x0c\0\0\x01", "macosx_11_0_arm64", "kernels for arm64"),
        (b"\x7fELF" + bytes(14) + b"\x3e\0", "manylinux_2_17_aarch64", None),
        (b"\x7fELF" + bytes(14) + b"\x3e\0GLIBC_2.34\0", "manylinux_2_17_x86_64", None),
        (b"\x7fELF" + bytes(14) + b"\x3e\0", "any", None),
        (b"", "any", "without kernels"),
        (b"", "manylinux_2_17_x86_64", None),
    ],
)
def test_a_wheel_that_is_not_what_its_tag_says_is_found_out(
    tmp_path: Path, head: bytes, tag: str, words: str | None
) -> None:
    path = tmp_path / f"swinsr-1-py3-none-{tag}.whl"
    suffix = ".so" if head.startswith(b"\x7f") else ".dylib"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("swinsr-1.dist-info/WHEEL", f"Tag: py3-none-{tag}\n")
        archive.writestr("swinsr-1.data/data/share/man/man1/swinsr.1", "")
        archive.writestr("swinsr/weights/manifest.json", "")
        archive.writestr("swinsr/py.typed", "")
        if head:
            archive.writestr(f"swinsr/ops/native/swinsr_kernels{suffix}", head + bytes(8))
    check = module("release/wheels.py").check
    if words is None:
        with pytest.raises((AssertionError, ValueError)):
            check(path, tag)
    else:
        assert words in check(path, tag)


def test_the_container_serves_the_page_as_no_root_and_looks_after_it() -> None:
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    stages = re.split(r"^FROM .* AS ", text, flags=re.M)[1:]
    by_name = {stage.split("\n", 1)[0]: stage for stage in stages}
    assert set(by_name) >= {"cpu", "cuda"} and stages[-1] == by_name["cpu"]  # the default
    for name in ("cpu", "cuda"):
        users = re.findall(r"^USER (\S+)", by_name[name], re.M)
        assert users and users[-1] not in ("root", "0")
    from swinsr.cli.demo import demo

    port = demo.__defaults__[1].default if demo.__defaults__ else 0
    assert f"EXPOSE {port}" in text and f":{port}/health" in text
    assert f":{port}:{port}" in (ROOT / "compose.yaml").read_text(encoding="utf-8")


def test_the_container_file_passes_the_linter() -> None:
    if shutil.which("hadolint") is None:
        pytest.skip("the program hadolint is not installed")
    done = subprocess.run(["hadolint", str(ROOT / "Dockerfile")], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@pytest.mark.slow
def test_sources_and_wheel_are_built_and_strictly_checked(tmp_path: Path) -> None:
    for name in ("build", "hatchling", "twine", "ziglang"):
        pytest.importorskip(name, reason=f"the package {name} is not installed")
    command = [sys.executable, "release/wheels.py", "--only", "any", "-o", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert {path.suffix for path in tmp_path.iterdir()} == {".whl", ".gz"}
    assert done.stdout.count("PASSED") == 2
