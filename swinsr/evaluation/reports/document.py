"""Everything measured in one call, for JSON."""

import json
from collections.abc import Sequence
from typing import Any

from swinsr.evaluation.options import Options
from swinsr.evaluation.provenance import commit, machine, versions
from swinsr.evaluation.results import Result, result_to_dict
from swinsr.inference import choose_device

SCHEMA = 1


def to_document(
    results: Sequence[Result], options: Options, notes: Sequence[str] = ()
) -> dict[str, Any]:
    """Plain values that JSON can hold; docs/evaluation.md describes every field."""
    return {
        "schema": SCHEMA,
        "program": "swinsr",
        "versions": versions(),
        **commit(),
        "machine": machine(choose_device(options.device)),
        "options": {
            "self_ensemble": options.self_ensemble,
            "padding": options.padding,
            "precision": options.precision,
            "metrics": list(options.metrics),
        },
        "notes": list(notes),
        "results": [result_to_dict(result) for result in results],
    }


def to_json(document: dict[str, Any]) -> str:
    """Indented JSON without NaN or Infinity, which are not JSON."""
    return json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
