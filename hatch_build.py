"""Build hooks: the bundled weights, the compiled CPU kernels, and a README for the index.

The compiler is the ziglang package, a build requirement where it exists for the platform, else the
system's C++ compiler. Where neither compiles, and on Windows, where the kernels are untested, the
package is built without kernels and says so: everything works, through PyTorch's own operators.

SWINSR_WHEEL_FOR names another platform, by its tag, to build a wheel for (`release/wheels.py`).
"""

import importlib.util
import os
import platform
import re
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.metadata.plugin.interface import MetadataHookInterface

SKIP_VARIABLE = "SWINSR_NO_KERNELS"
TARGET_VARIABLE = "SWINSR_WHEEL_FOR"
_LINK = re.compile(r"(!?)\[([^\]]*)\]\((?!https?:|#|mailto:)([^)\s]+)\)")


class ReadmeHook(MetadataHookInterface):
    """The README with absolute links: on the index there are no files beside it."""

    PLUGIN_NAME = "custom"

    def update(self, metadata: dict[str, Any]) -> None:
        """Set the description."""
        text = (Path(self.root) / "README.md").read_text(encoding="utf-8")
        place = metadata["urls"]["Repository"]
        version = metadata["version"]
        text = with_absolute_links(text, place, f"v{version}")
        metadata["readme"] = {"content-type": "text/markdown", "text": text}


def with_absolute_links(text: str, repository: str, reference: str) -> str:
    """Pictures and links to files of the repository, as of a tag, by their addresses."""
    raw = repository.replace("https://github.com/", "https://raw.githubusercontent.com/")

    def absolute(match: "re.Match[str]") -> str:
        mark, words, path = match.groups()
        place = f"{raw}/{reference}" if mark else f"{repository}/blob/{reference}"
        return f"{mark}[{words}]({place}/{path})"

    return _LINK.sub(absolute, text)


class KernelsHook(BuildHookInterface):
    """Adds the weights to wheels, and the kernels to them and to editable installs."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile before the files are collected; only where a target is named, fail for that."""
        if self.target_name != "wheel":
            return
        if version != "editable":
            # File by file: what is still in training, in folders below, stays out.
            for file in (Path(self.root) / "weights").iterdir():
                if file.is_file():
                    build_data["force_include"][str(file)] = f"swinsr/weights/{file.name}"
        if os.environ.get(SKIP_VARIABLE):
            self.app.display_warning(f"{SKIP_VARIABLE} is set: built without compiled kernels.")
            return
        source = Path(self.root) / "swinsr" / "ops" / "native" / "compile.py"
        spec = importlib.util.spec_from_file_location("swinsr_compile", source)
        assert spec is not None and spec.loader is not None
        compiling = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = compiling
        spec.loader.exec_module(compiling)
        tag = os.environ.get(TARGET_VARIABLE)
        if tag:
            target = compiling.TARGETS[tag]
            self._folder = tempfile.TemporaryDirectory(prefix="swinsr-")
            name = f"swinsr_kernels{target.suffix}"
            made = compiling.compile_library(Path(self._folder.name) / name, target)
            build_data["force_include"][str(made)] = f"swinsr/ops/native/{name}"
            self._tag(build_data, tag)
            return
        if sys.platform == "win32":
            self.app.display_warning("Built without compiled kernels: not tried on Windows.")
            return
        try:
            library = compiling.compile_library()
        except (compiling.CompileError, OSError) as error:
            self.app.display_warning(
                f"Built without compiled kernels, attention will run through PyTorch: {error}"
            )
            return
        build_data["artifacts"].append(library.relative_to(self.root).as_posix())
        self._tag(build_data, _platform_tag(compiling.GLIBC if compiling.uses_zig() else None))

    def _tag(self, build_data: dict[str, Any], platform_tag: str) -> None:
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{platform_tag}"


def _platform_tag(glibc: str | None) -> str:
    """The wheel's platform: kernels need no Python and, on Linux, only an old C library."""
    if glibc:
        return f"manylinux_{glibc.replace('.', '_')}_{platform.machine()}"
    return sysconfig.get_platform().replace("-", "_").replace(".", "_")
