"""Put a finished run among the bundled weights: weights, manifest, score curve.

    python weights/training/publish.py RUN_FOLDER NAME --summary TEXT [--file last.safetensors]
        [--faithful NAME --share 0.7]

RUN_FOLDER is what `swinsr train` wrote. The weights keep the recipe (folders of the machine
reduced to their names), the steps, the seconds, the machine and the scores in their metadata;
`../curves/NAME.csv` gets the scores, and `manifest.json` the size and the sha256. With --faithful
the weights are blended: --share of the way from that bundled network to the run's.
"""

import argparse
import csv
import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

from safetensors import safe_open

from swinsr.checkpoints import load, save
from swinsr.checkpoints.blend import blend

WEIGHTS = Path(__file__).resolve().parents[1]
DATA = (
    "CLIC 2025 photographs (Unsplash licence), CID22 (CC BY-SA 4.0), landscape photographs from "
    "elementary, Pop!_OS and deepin wallpapers (Unsplash licence), Budgie backgrounds (CC0), "
    "Lomiri 16.04 and MATE nature wallpapers (CC BY-SA), Xubuntu community wallpapers (CC BY 3.0, "
    "CC BY 4.0, CC BY-SA, CC0)"
)
TASKS = {
    "bicubic": "classical_sr",
    "photo": "real_sr",
    "real": "real_sr",
    "compressed": "compressed_sr",
    "denoise": "color_denoise",
    "jpeg": "color_jpeg",
}


def without_places(recipe: dict[str, Any]) -> dict[str, Any]:
    """The recipe with the names of folders in place of where they were."""
    recipe["data"]["train"] = [Path(p).name for p in recipe["data"]["train"]]
    recipe["validation"]["folders"] = [Path(p).name for p in recipe["validation"]["folders"]]
    recipe["run"]["folder"] = Path(recipe["run"]["folder"]).name
    recipe["init"]["from_file"] = Path(recipe["init"]["from_file"]).name
    return recipe


def scores_at(curve: Path, step: int) -> dict[str, float]:
    """The scores of a step, or of the last one before it."""
    with curve.open(newline="", encoding="utf-8") as file:
        row = [r for r in csv.DictReader(file) if int(r["step"]) <= step][-1]
    return {k: float(v) for k, v in row.items() if k.startswith(("psnr", "ssim")) and v}


def publish(
    run: Path,
    name: str,
    file: str,
    summary: str,
    default: bool | None,
    faithful: str | None = None,
    share: float = 1.0,
) -> None:
    """See the module's docstring."""
    source = run / file
    network, more = load(source).network, {}
    if faithful is not None:
        blend(load(WEIGHTS / f"{faithful}.safetensors").network, network, share)
        more["blend"] = f"{share:g} of the way from {faithful} to the run's network"
    with safe_open(source, "pt") as opened:
        found = opened.metadata()
    training, recipe = json.loads(found["training"]), without_places(json.loads(found["recipe"]))
    if "average" in found:
        more["average"] = found["average"]
    # Those of the curve are the run's own network's.
    scores = {} if more else scores_at(run / "curve.csv", training["step"])
    task = TASKS[recipe["task"]["name"]]
    target = WEIGHTS / f"{name}.safetensors"
    save(
        network,
        target,
        task=task,
        licence="Apache-2.0",
        half=True,  # costs less than 0.001 dB, and the wheel is half as large
        provenance={
            "recipe": json.dumps(recipe),
            "training": json.dumps({"steps": training["step"], "seconds": training["seconds"]}),
            "machine": found["machine"],
            "scores": json.dumps(scores),
            "data": DATA,
            **more,
        },
    )
    (WEIGHTS / "curves").mkdir(exist_ok=True)
    shutil.copyfile(run / "curve.csv", WEIGHTS / "curves" / f"{name}.csv")
    path = WEIGHTS / "manifest.json"
    manifest = json.loads(path.read_text("utf-8"))
    content = target.read_bytes()
    models = {m["name"]: m for m in manifest["models"]}
    models.setdefault(name, {"name": name, "file": target.name, "licence": "Apache-2.0"})
    models[name] |= {
        "task": task,
        "scale": recipe["network"]["upscale"],
        "default": task == "classical_sr" if default is None else default,
        "summary": summary,
        **({} if faithful is None else {"faithful": faithful}),
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    manifest["models"] = list(models.values())
    path.write_text(json.dumps(manifest, indent=1) + "\n", "utf-8")


def main() -> None:
    """Read the arguments."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path)
    parser.add_argument("name")
    parser.add_argument("--summary", required=True)
    parser.add_argument("--file", default="best.safetensors")
    parser.add_argument("--default", action=argparse.BooleanOptionalAction)
    parser.add_argument("--faithful", help="a bundled network, from which the weights are blended")
    parser.add_argument("--share", type=float, default=1.0)
    given = parser.parse_args()
    how = (given.file, given.summary, given.default, given.faithful, given.share)
    publish(given.run, given.name, *how)


if __name__ == "__main__":
    main()
