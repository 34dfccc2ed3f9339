"""The table of formats: each stands in its folder alone, and naming one loads no codec."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import swinsr
from swinsr.image.formats.table import ALL

IMAGE = Path(swinsr.__file__).parent / "image"
FILES = Path(swinsr.__file__).parent / "files"
FOLDERS = {
    name: Path(sys.modules[type(form).__module__].__file__).parent for name, form in ALL.items()
}
CODECS = ("PIL", "cv2", "tifffile", "pyvips", "pillow_heif")


def literals(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


@pytest.mark.parametrize("name", ALL)
def test_no_code_outside_its_folder_decides_by_the_name_of_a_format(name):
    others = [p for p in IMAGE.rglob("*.py") if FOLDERS[name] not in p.parents]
    found = [str(p) for p in others if name in literals(p)]
    assert not found, f"{name} is named in {found}"


def test_a_folder_of_formats_imports_no_other():
    """But for Pillow's, which is shared."""
    names = {folder.name for folder in FOLDERS.values()}
    for folder in set(FOLDERS.values()):
        for path in folder.rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.ImportFrom) and node.module:
                    parts = node.module.split(".")
                    other = (
                        parts[3]
                        if parts[:3] == ["swinsr", "image", "formats"] and parts[3:]
                        else ""
                    )
                    assert other not in names - {folder.name}, f"{path} imports {node.module}"


def test_the_table_loads_no_codec():
    script = (
        "import sys\n"
        "from swinsr.image.formats.table import ALL\n"
        "import swinsr.files.plan, swinsr.files.settings\n"
        f"print([name for name in {CODECS} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_a_header_is_read_without_a_codec(tmp_path):
    from image_files import random_samples

    from swinsr.image import Image, write_image

    for suffix in ("png", "jpg", "webp", "tif", "bmp", "gif"):
        write_image(tmp_path / f"x.{suffix}", Image(random_samples((5, 7, 3), "u1")))
    script = (
        "import sys\n"
        "from pathlib import Path\n"
        "from swinsr.image import probe_image\n"
        f"found = {{probe_image(p).format for p in Path({str(tmp_path)!r}).iterdir()}}\n"
        f"print(len(found), [name for name in {CODECS} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "6 []"
