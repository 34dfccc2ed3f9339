"""What is published: one version, links that hold on the index, wheels as they are tagged."""

import email
import importlib.util
import io
import os
import re
import shutil
import subprocess
import sys
import tarfile
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
    beside = Path(sys.executable).parent
    linter = shutil.which("hadolint", path=str(beside)) or shutil.which("hadolint")
    if linter is None:
        pytest.skip("the program hadolint is not installed")
    done = subprocess.run([linter, str(ROOT / "Dockerfile")], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("schema", "pattern"),
    [
        ("compose-spec", "compose.yaml"),
        ("github-workflows", ".github/workflows/*.yml"),
        ("github-issue-forms", ".github/ISSUE_TEMPLATE/[!c]*.yml"),
        ("github-issue-config", ".github/ISSUE_TEMPLATE/config.yml"),
        ("citation-file-format", "CITATION.cff"),
    ],
)
def test_files_that_services_read_are_as_their_schemas_say(schema: str, pattern: str) -> None:
    pytest.importorskip("check_jsonschema", reason="the package check-jsonschema is not installed")
    files = sorted(map(str, ROOT.glob(pattern)))
    assert files
    done = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{schema}", *files],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sources and the wheel for any platform, as they are put on the index."""
    for name in ("build", "hatchling", "twine"):
        pytest.importorskip(name, reason=f"the package {name} is not installed")
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "release/wheels.py", "--only", "any", "-o", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("PASSED") == 2, done.stdout  # by `twine check --strict`
    assert {path.suffix for path in folder.iterdir()} == {".whl", ".gz"}
    return folder


def test_the_wheel_renders_on_the_index_with_its_pictures(published: Path) -> None:
    renderer = pytest.importorskip("readme_renderer.markdown", reason="readme_renderer is missing")
    (wheel,) = published.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        info = next(n for n in archive.namelist() if n.endswith(".dist-info/METADATA"))
        metadata = email.message_from_bytes(archive.read(info))
    page = renderer.render(metadata.get_payload())
    assert page is not None
    sources = re.findall(r'<img [^>]*src="([^"]+)"', page)
    assert sources and all(source.startswith("https://") for source in sources)
    assert re.findall(r"<h1[^>]*>(?:<[^>]+>)*SwinSR", page)
    # The first screen: one picture, one block to paste.
    first = page.split("<h2")[0]
    assert (first.count("<img"), first.count("<pre"), first.count("<table")) == (1, 1, 0)
    given = dict(line.split(", ", 1) for line in metadata.get_all("Project-URL") or ())
    assert {"Homepage", "Documentation", "Changelog", "Issues"} <= set(given)
    assert len(metadata.get_all("Classifier") or ()) > 5
    assert metadata["Version"] == __version__


def test_the_sources_build_what_the_clone_builds(published: Path, tmp_path: Path) -> None:
    """Who builds from the sources of the index has all that a wheel needs."""
    (sources,) = published.glob("*.tar.gz")
    with tarfile.open(sources) as archive:
        archive.extractall(tmp_path, filter="data")
    (folder,) = tmp_path.iterdir()
    command = [
        *(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--skip-dependency-check"),
        *("-o", str(tmp_path), str(folder)),
    ]
    environment = {**os.environ, "SWINSR_NO_KERNELS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr

    def names(wheel: Path) -> set[str]:
        with zipfile.ZipFile(wheel) as archive:
            return set(archive.namelist())

    (again,) = tmp_path.glob("*.whl")
    (first,) = published.glob("*.whl")
    assert names(again) == names(first)


@pytest.mark.slow
def test_wheels_for_every_platform_are_built_and_are_what_their_tags_say(tmp_path: Path) -> None:
    for name in ("build", "hatchling", "twine", "ziglang"):
        pytest.importorskip(name, reason=f"the package {name} is not installed")
    command = [sys.executable, "release/wheels.py", "-o", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("kernels for") == 4 and "without kernels" in done.stdout
    assert done.stdout.count("PASSED") == 6


def clone(folder: Path) -> Path:
    """What a clone has, without what was built in this one."""
    made = subprocess.run(["git", "-C", str(ROOT), "archive", "HEAD"], capture_output=True)
    if made.returncode != 0:
        pytest.skip("this is no clone")
    with tarfile.open(fileobj=io.BytesIO(made.stdout)) as archive:
        archive.extractall(folder, filter="data")
    return folder


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="the block is for a POSIX shell")
def test_the_first_block_of_the_readme_runs_in_a_clean_clone(tmp_path: Path) -> None:
    """Fetches all that the program needs, as the block does for whoever pastes it."""
    block = re.findall(r"^```sh\n(.*?)^```", README, re.S | re.M)[0]
    kept = ("PYTHONPATH", "VIRTUAL_ENV", "PYTHONHOME")
    environment = {name: value for name, value in os.environ.items() if name not in kept}
    done = subprocess.run(
        ["bash", "-e", "-c", block],
        cwd=clone(tmp_path),
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "256x256 -> 1024x1024" in done.stdout
    assert (tmp_path / "astronaut_x4.png").is_file()


@pytest.mark.slow
@pytest.mark.parametrize(
    "command", [("uv", "tool", "install", "."), ("pipx", "install", ".")], ids=lambda c: c[0]
)
def test_tools_that_install_programs_install_this_one(
    tmp_path: Path, command: tuple[str, ...]
) -> None:
    beside = Path(sys.executable).parent
    program = shutil.which(command[0], path=str(beside)) or shutil.which(command[0])
    if program is None:
        pytest.skip(f"the program {command[0]} is not installed")
    places = {
        name: str(tmp_path / name.lower())
        for name in ("UV_TOOL_DIR", "UV_TOOL_BIN_DIR", "PIPX_HOME", "PIPX_BIN_DIR")
    }
    environment = {**os.environ, **places}
    environment.pop("PYTHONPATH", None)
    (tmp_path / "clone").mkdir()
    source = clone(tmp_path / "clone")
    done = subprocess.run(
        [program, *command[1:]], cwd=source, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    binary = tmp_path / ("uv_tool_bin_dir" if command[0] == "uv" else "pipx_bin_dir") / "swinsr"
    shown = subprocess.run([binary, "--version"], capture_output=True, text=True, cwd=tmp_path)
    assert shown.stdout == f"swinsr {__version__}\n"
    picture = source / "apps/examples/cat.png"
    made = subprocess.run(
        [binary, picture, "-s", "2", "-o", "out.png"], capture_output=True, text=True, cwd=tmp_path
    )
    assert made.returncode == 0 and "225x150 -> 450x300" in made.stdout, made.stderr
