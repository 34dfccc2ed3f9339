"""The pieces of pictures that the report shows side by side."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from swinsr.degradations import imresize
from swinsr.errors import SwinsrError
from swinsr.evaluation.condition import Condition
from swinsr.evaluation.crop import encode_crop, find_place
from swinsr.evaluation.known import Dataset
from swinsr.evaluation.layout import Item, list_items
from swinsr.evaluation.reports.tables import format_score
from swinsr.evaluation.results import Result
from swinsr.evaluation.sample import load_sample


@dataclass
class ResultGroup:
    """The results on one dataset under one condition."""

    dataset: Dataset
    condition: Condition
    results: list[Result] = field(default_factory=list)

    @property
    def pictures(self) -> list[str]:
        """Names of the pictures that any model was measured on."""
        return list(dict.fromkeys(i.name for r in self.results for i in r.images))


def group_results(results: Sequence[Result]) -> list[ResultGroup]:
    """Results by dataset and condition, in the order in which they come."""
    groups: dict[tuple[str, Condition], ResultGroup] = {}
    for result in results:
        dataset, condition = result.job.dataset, result.job.condition
        group = groups.setdefault((dataset.name, condition), ResultGroup(dataset, condition))
        group.results.append(result)
    return list(groups.values())


def crops_of(group: ResultGroup, count: int) -> list[dict[str, Any]]:
    """What the viewer shows: up to `count` pictures, evenly spread over the dataset by name.

    Returns:
        For each picture its name, the size of the piece and its panels: input, bicubic, every
        model's output, truth.
    """
    names = group.pictures
    count = min(count, len(names))
    chosen = [names[round(i * (len(names) - 1) / max(count - 1, 1))] for i in range(count)]
    items = {item.name: item for item in list_items(group.dataset.root, group.condition).items}
    crops = []
    for name in chosen:
        try:
            crops.append(_crop(group, items[name]))
        except (SwinsrError, KeyError):
            continue  # changed or gone since it was measured: there is nothing to show
    return crops


def _crop(group: ResultGroup, item: Item) -> dict[str, Any]:
    scale = group.condition.scale
    sample = load_sample(item, group.condition)
    place = find_place(sample.truth, scale)
    source = np.clip(sample.source, 0.0, 1.0)
    panels = [_panel("input", "", encode_crop(place.smaller(scale).of(source)))]
    if scale > 1 and all(r.job.contestant.name != "bicubic" for r in group.results):
        enlarged = np.clip(imresize(sample.source, size=sample.truth.shape[:2]), 0.0, 1.0)
        panels.append(_panel("bicubic", "not measured", encode_crop(place.of(enlarged)), True))
    for result in group.results:
        for image in result.images:
            if image.name == item.name:
                scores = "  ".join(
                    format_score(n, image.scores[n]) for n in group.condition.main_scores
                )
                label = result.job.contestant.name + ("+" if result.self_ensemble else "")
                panels.append(_panel(label, scores, image.crop, True))
    truth = _panel("truth", "", encode_crop(place.of(sample.truth)))
    panels.append({**truth, "truth": True})
    return {"name": item.name, "width": place.width, "height": place.height, "panels": panels}


def _panel(label: str, score: str, data: str, compare: bool = False) -> dict[str, Any]:
    return {"label": label, "score": score, "data": data, "compare": compare}
