"""The command that installs what is missing, as it works from where the user stands."""

import importlib.metadata
import importlib.util
import json
import os
import re
import shlex
import shutil
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

_NAME = "swinsr"
_PACKAGE = Path(__file__).resolve().parent


def install_extra(extra: str) -> str:
    """The command for an extra of this installation: of the clone, the wheel, or the index.

    Args:
        extra: a name from `[project.optional-dependencies]`.
    """
    return f"{_pip()} {_target(extra)}"


def install_packages(*names: str) -> str:
    """The command for packages by their names on the index."""
    return f"{_pip()} {' '.join(map(_quoted, names))}"


def _pip() -> str:
    """Whatever installs into the environment that this program runs in."""
    python = _quoted(sys.executable)
    if (Path(sys.prefix) / "pipx_metadata.json").is_file() and shutil.which("pipx"):
        return f"pipx inject {_NAME}"
    if importlib.util.find_spec("pip") is None:
        # uv makes environments without it.
        if shutil.which("uv"):
            return f"uv pip install --python {python}"
        return f"{python} -m ensurepip && {python} -m pip install"
    found = shutil.which("pip")
    if found is not None and Path(found).parent == Path(sys.executable).parent:
        return "pip install"
    return f"{python} -m pip install"


def _target(extra: str) -> str:
    found = _distribution()
    if found is None:
        # A clone on the path that is not installed.
        return _of_folder(_PACKAGE.parent, extra, editable=True)
    origin = found.read_text("direct_url.json")
    if origin is None:
        return _quoted(f"{_NAME}[{extra}]")
    return _of_origin(json.loads(origin), extra) or _by_name(found, extra)


def _of_origin(origin: dict[str, object], extra: str) -> str | None:
    """From where it was installed; None where nothing is there any more."""
    url = str(origin["url"])
    folder, repository = origin.get("dir_info"), origin.get("vcs_info")
    if isinstance(repository, dict):
        url = f"{repository['vcs']}+{url}@{repository['commit_id']}"
    elif url.startswith("file:"):
        path = Path(url2pathname(unquote(urlsplit(url).path)))
        if isinstance(folder, dict):
            there = (path / "pyproject.toml").is_file()
            return _of_folder(path, extra, editable=bool(folder.get("editable"))) if there else None
        if not path.is_file():
            return None
    return _quoted(f"{_NAME}[{extra}] @ {url}")


def _of_folder(path: Path, extra: str, *, editable: bool) -> str:
    here = path == Path.cwd()
    return ("-e " if editable else "") + _quoted(f"{'.' if here else path}[{extra}]")


def _by_name(found: importlib.metadata.Distribution, extra: str) -> str:
    """What the extra adds, package by package."""
    marker = re.compile(rf"extra\s*==\s*['\"]{re.escape(extra)}['\"]")
    listed = [line.partition(";") for line in found.requires or ()]
    return " ".join(_quoted(name.strip()) for name, _, rest in listed if marker.search(rest))


def _distribution() -> importlib.metadata.Distribution | None:
    """The installed distribution that this very package belongs to."""
    try:
        found = importlib.metadata.distribution(_NAME)
        origin = json.loads(found.read_text("direct_url.json") or "{}")
    except (importlib.metadata.PackageNotFoundError, ValueError):
        return None
    if origin.get("dir_info", {}).get("editable"):
        place = Path(url2pathname(unquote(urlsplit(origin["url"]).path))) / _NAME
    else:
        place = Path(str(found.locate_file(_NAME)))
    return found if place.resolve() == _PACKAGE else None


def _quoted(text: str) -> str:
    """For the shell of the system."""
    if os.name != "nt":
        return shlex.quote(text)
    return text if re.fullmatch(r"[\w./:\\+-]+", text) else f'"{text}"'
