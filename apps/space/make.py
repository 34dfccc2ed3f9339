"""Put a Space together in a folder: the page, the program, its weights and example pictures.

python apps/space/make.py FOLDER
"""

import shutil
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
_SOURCES = shutil.ignore_patterns("__pycache__", "*.pyc")


def make(folder: Path) -> None:
    """Fill a new folder; it is what is pushed to the Space.

    Raises:
        FileExistsError: the folder is there.
    """
    folder.mkdir(parents=True)
    for name in ("README.md", "app.py", "requirements.txt"):
        shutil.copyfile(HERE / name, folder / name)
    shutil.copytree(ROOT / "swinsr", folder / "swinsr", ignore=_SOURCES)
    weights = folder / "swinsr" / "weights"
    weights.mkdir()
    for file in (ROOT / "weights").iterdir():
        if file.suffix == ".safetensors" or file.name == "manifest.json":
            shutil.copyfile(file, weights / file.name)
    shutil.copytree(ROOT / "apps" / "examples", folder / "swinsr" / "apps" / "examples")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python apps/space/make.py FOLDER")
    try:
        make(Path(sys.argv[1]))
    except FileExistsError:
        sys.exit(f"{sys.argv[1]} is there already; name a folder that is to be made")
