"""Memory that could not be had, told in one sentence whichever library met the end of it."""

from collections.abc import Iterator
from contextlib import contextmanager

import cv2

from swinsr.errors import NotEnoughMemoryError, is_out_of_memory


@contextmanager
def enough_memory(work: str) -> Iterator[None]:
    """Around what allocates pictures and feature maps.

    Args:
        work: what the memory was for; it completes "there is not enough memory to ...".

    Raises:
        NotEnoughMemoryError: in place of NumPy's, OpenCV's and torch's own errors.
    """
    try:
        yield
    # torch's are RuntimeErrors, `torch.OutOfMemoryError` among them.
    except (MemoryError, RuntimeError, cv2.error) as error:
        if not is_out_of_memory(error):
            raise
        raise NotEnoughMemoryError(
            f"there is not enough memory to {work}; use a smaller picture or scale, or close "
            "other programs"
        ) from error
