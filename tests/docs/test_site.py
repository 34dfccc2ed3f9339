"""The documentation as a site: commands parse, Python runs, pages are current and linked."""

import ast
import importlib.util
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import typer
from PIL import Image

import swinsr
from swinsr.cli.commands import app

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
# Pages of the repository that show commands and are no part of the site.
OTHERS = [
    ROOT / name
    for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md", "weights/README.md",
                 "apps/space/README.md")
]  # fmt: skip


def program(name: str) -> ModuleType:
    """One of docs/site/, which is no package."""
    spec = importlib.util.spec_from_file_location(name, DOCS / "site" / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


site, reference = program("build"), program("reference")


def commands_of(page: Path) -> list[str]:
    """Lines of code that call `swinsr`, whole, without what a shell does with their output."""
    text = page.read_text(encoding="utf-8")
    blocks = re.findall(r"^```(?:sh|bash|console)?\n(.*?)^```", text, re.S | re.M)
    blocks += re.findall(
        r"(?:^    .*\n)+", re.sub(r"^```.*?^```", "", text, flags=re.S | re.M), re.M
    )
    found = []
    for block in blocks:
        block = re.sub(r"\\\n\s*", " ", block)
        for name, value in re.findall(r"^\s*([A-Z]+)=([\"'].*[\"'])$", block, re.M):
            block = block.replace(f"${name}", value[1:-1])
        for line in block.splitlines():
            line = re.sub(r"\s{2,}#.*$", "", line.strip().removeprefix("$ "))
            line = re.sub(r"^[A-Z_]+=\S+ ", "", line.split(" | ")[-1]).split(" > ")[0]
            if line.startswith("swinsr ") and "[OPTIONS]" not in line and "..." not in line:
                found.append(line)
    return found


def named_by(page: Path) -> list[str]:
    """Commands within sentences, with their options or without."""
    text = page.read_text(encoding="utf-8")
    prose = re.sub(r"^```.*?^```|^    .*$", "", text, flags=re.S | re.M)
    found = re.findall(r"(?<!`)`(swinsr [^`\n]+)`(?!`)", prose)
    return [line for line in found if "COMMAND" not in line]


def parse(words: list[str], *, whole: bool = True) -> None:
    """As the command would, up to where it would begin to work.

    Args:
        words: what follows `swinsr`.
        whole: False where the command may be named alone, without its arguments.
    """
    command: Any = typer.main.get_command(app)
    name = "swinsr"
    while words and hasattr(command, "get_command"):
        context = command.make_context(name, [], resilient_parsing=True)
        name = words[0]
        if name.startswith("-"):
            break
        found = command.get_command(context, name)
        if found is None and ("." in name or "/" in name):  # a picture: it is upscaled
            found = command.get_command(context, "upscale")
        else:
            words = words[1:]
        assert found is not None, f"there is no command {name}"
        command = found
    if whole or words:
        resilient = hasattr(command, "get_command") and not words
        command.make_context(name, words, resilient_parsing=resilient)


@pytest.mark.parametrize(
    "page", [*OTHERS, *PAGES], ids=lambda page: page.relative_to(ROOT).as_posix()
)
def test_every_command_of_a_page_parses(page: Path) -> None:
    if page.is_relative_to(DOCS / "reference"):
        return  # made from the commands themselves
    for whole, lines in ((True, commands_of(page)), (False, named_by(page))):
        for line in lines:
            try:
                parse(shlex.split(line)[1:], whole=whole)
            except (SystemExit, typer.Exit) as end:  # --help and --version
                status = end.code if isinstance(end, SystemExit) else end.exit_code
                assert status == 0, line
            except Exception as error:
                # A sentence may name a command and an option, and leave the picture out.
                if whole or type(error).__name__ != "MissingParameter":
                    raise AssertionError(f"{page.name}: {line}: {error}") from error


def test_commands_are_found_and_wrong_ones_are_refused(tmp_path: Path) -> None:
    assert len(commands_of(DOCS / "start.md")) > 10
    page = tmp_path / "page.md"
    page.write_text(
        "```sh\nswinsr upscale a.png \\\n    --scale 2  # so\n```\n\n    swinsr info x\n"
    )
    assert commands_of(page) == ["swinsr upscale a.png  --scale 2", "swinsr info x"]
    for wrong in ("upscale a.png --sclae 2", "upscal", "upscale a.png --scale much"):
        for whole in (True, False):
            with pytest.raises(Exception, match=r"(?i)no such|no command|valid number"):
                parse(wrong.split(), whole=whole)
    page.write_text("Then `swinsr upscale` and `swinsr a.png -s 2`, not\n    swinsr b.png\n")
    assert named_by(page) == ["swinsr upscale", "swinsr a.png -s 2"]
    parse(["upscale"], whole=False)
    with pytest.raises(Exception, match=r"(?i)missing"):
        parse(["upscale"])


def test_the_quick_starts_python_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (16, 24, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "photo.jpg")
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", (DOCS / "start.md").read_text("utf-8"), re.S)
    assert blocks
    for block in blocks:
        exec(block, {})
    with Image.open(tmp_path / "photo_x2.png") as made:
        assert made.size == (48, 32)


def python_of(page: Path) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```", page.read_text("utf-8"), re.S | re.M)


@pytest.mark.parametrize(
    "page",
    [page for page in [*OTHERS, *PAGES] if python_of(page)],
    ids=lambda page: page.relative_to(ROOT).as_posix(),
)
def test_every_block_of_python_imports_what_there_is(page: Path) -> None:
    for block in python_of(page):
        tree = ast.parse(block)
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("swinsr"):
                module = importlib.import_module(str(node.module))
                for alias in node.names:
                    assert hasattr(module, alias.name), f"{page.name}: {ast.unparse(node)}"
            elif isinstance(node, ast.Import):
                for alias in node.names:
                    if alias.name.startswith("swinsr") and "vapoursynth" not in alias.name:
                        importlib.import_module(alias.name)
            elif isinstance(node, ast.Attribute) and ast.unparse(node.value) == "swinsr":
                assert importlib.util.find_spec(f"swinsr.{node.attr}") or hasattr(
                    swinsr, node.attr
                ), f"{page.name}: {ast.unparse(node)}"


def test_the_readmes_python_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (16, 24, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "photo.jpg")
    monkeypatch.chdir(tmp_path)
    (block,) = python_of(ROOT / "README.md")
    names: dict[str, Any] = {"picture": pixels}
    exec(block, names)
    assert names["bigger"].size == (96, 64) and names["thrice"].shape == (48, 72, 3)
    with Image.open(tmp_path / "photo_x4.png") as made:
        assert made.size == (96, 64)


@pytest.mark.parametrize("name", sorted(reference.PAGES))
def test_a_reference_page_says_what_the_program_says(name: str) -> None:
    made = reference.PAGES[name]()
    kept = (DOCS / "reference" / f"{name}.md").read_text(encoding="utf-8")
    assert kept == made, "run python docs/site/reference.py"


def test_every_page_is_in_the_navigation_once(tmp_path: Path) -> None:
    listed = [page for pages in site.navigation(DOCS).values() for page in pages]
    assert sorted(listed) == sorted(p.relative_to(DOCS).as_posix() for p in PAGES)
    # What is not there is left out, and what nobody named is a guide.
    (tmp_path / "index.md").write_text("# Home\n")
    (tmp_path / "new.md").write_text("# A new page\n")
    assert site.navigation(tmp_path) == {"Start": ["index.md"], "Guides": ["new.md"]}
    assert '{ "A new page" = "new.md" }' in site.lines_of(tmp_path)


def test_every_picture_of_the_page_is_in_its_guide() -> None:
    shown = set(re.findall(r"\(images/page/([\w.]+)\)", (DOCS / "demo.md").read_text("utf-8")))
    assert shown == {path.name for path in (DOCS / "images/page").iterdir()}
    for name in shown:
        with Image.open(DOCS / "images/page" / name) as picture:
            assert picture.size == ((1280, 900) if "_wide_" in name else (390, 844)), name


def test_broken_links_are_found(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text(
        '<h1 id="top">A</h1><a href="b.html#there">1</a><a href="b.html#gone">2</a>'
        '<a href="c.html">3</a><a href="https://example.com/x">4</a><img src="d.png">'
    )
    (tmp_path / "b.html").write_text('<h2 id="there">B</h2><a href="a.html">5</a>')
    assert site.broken_links(tmp_path) == [
        "a.html: b.html#gone", "a.html: c.html", "a.html: d.png",
    ]  # fmt: skip


def test_the_site_is_built_without_a_warning_and_without_a_broken_link(tmp_path: Path) -> None:
    beside = Path(sys.executable).with_name("zensical")
    if not beside.exists() and shutil.which("zensical") is None:
        pytest.skip('the package zensical is missing; pip install ".[docs]"')
    done = subprocess.run(
        [sys.executable, DOCS / "site" / "build.py", tmp_path / "site"],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken links" in done.stdout
    made = {p.with_suffix(".md").relative_to(tmp_path / "site") for p in tmp_path.rglob("*.html")}
    assert made >= {page.relative_to(DOCS) for page in PAGES}
    home = (tmp_path / "site" / "index.html").read_text(encoding="utf-8")
    assert "fonts.googleapis" not in home and "Quick start" in home
