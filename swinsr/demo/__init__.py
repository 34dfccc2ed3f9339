"""The web demo: a page, and a documented API, around `swinsr.Upscaler`.

Gradio is imported only by the modules that build the page; this package's other modules (limits,
folder, uploads, jobs, catalogue, work) run without it.
"""

from swinsr.demo.limits import Limits

__all__ = ["Limits"]
