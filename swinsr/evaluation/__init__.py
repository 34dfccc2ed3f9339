"""The papers' scores of models on datasets, measured as the papers do."""

from swinsr.evaluation.cache import default_cache_folder
from swinsr.evaluation.condition import Condition
from swinsr.evaluation.evaluate import Evaluation, evaluate
from swinsr.evaluation.known import KNOWN
from swinsr.evaluation.options import PADDINGS, Options
from swinsr.evaluation.reports.document import to_document, to_json
from swinsr.evaluation.reports.html_report import to_html
from swinsr.evaluation.reports.tables import HEADINGS, row_of, to_csv, to_markdown
from swinsr.evaluation.results import Failure, Measured, Result
from swinsr.evaluation.runner import Listener
from swinsr.evaluation.trials import Request

__all__ = [
    "HEADINGS",
    "KNOWN",
    "PADDINGS",
    "Condition",
    "Evaluation",
    "Failure",
    "Listener",
    "Measured",
    "Options",
    "Request",
    "Result",
    "default_cache_folder",
    "evaluate",
    "row_of",
    "to_csv",
    "to_document",
    "to_html",
    "to_json",
    "to_markdown",
]
