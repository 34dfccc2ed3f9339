"""Build hook: puts the bundled weights and the compiled CPU kernels into the package.

The compiler is the ziglang package, a build requirement where it exists for the platform, else the
system's C++ compiler. Where neither compiles, and on Windows, where the kernels are untested, the
package is built without kernels and says so: everything works, through PyTorch's own operators.
"""

import importlib.util
import os
import platform
import sys
import sysconfig
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SKIP_VARIABLE = "SWINSR_NO_KERNELS"


class KernelsHook(BuildHookInterface):
    """Adds the weights to wheels, and the kernels to them and to editable installs."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile before the files are collected; never fail for that."""
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
        if sys.platform == "win32":
            self.app.display_warning("Built without compiled kernels: not tried on Windows.")
            return
        source = Path(self.root) / "swinsr" / "ops" / "native" / "compile.py"
        spec = importlib.util.spec_from_file_location("swinsr_compile", source)
        assert spec is not None and spec.loader is not None
        compiling = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(compiling)
        try:
            library = compiling.compile_library()
        except (compiling.CompileError, OSError) as error:
            self.app.display_warning(
                f"Built without compiled kernels, attention will run through PyTorch: {error}"
            )
            return
        build_data["artifacts"].append(library.relative_to(self.root).as_posix())
        build_data["pure_python"] = False
        build_data["tag"] = (
            f"py3-none-{_platform_tag(compiling.GLIBC if compiling.uses_zig() else None)}"
        )


def _platform_tag(glibc: str | None) -> str:
    """The wheel's platform: kernels need no Python and, on Linux, only an old C library."""
    if glibc:
        return f"manylinux_{glibc.replace('.', '_')}_{platform.machine()}"
    return sysconfig.get_platform().replace("-", "_").replace(".", "_")
