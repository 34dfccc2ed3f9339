"""The web page in a Hugging Face Space: `swinsr demo` with a Space's address and tighter limits."""

import os
import threading

from swinsr.demo import Limits
from swinsr.demo.serving.server import serve

# A free Space has two cores, and everybody waits for everybody.
LIMITS = Limits(max_pixels=4_000_000, max_output_pixels=64_000_000, max_files=20, seconds=300)


def main() -> None:
    """Serve until the Space is put to sleep."""
    port = int(os.environ.get("GRADIO_SERVER_PORT", "7860"))
    with serve(LIMITS, host=os.environ.get("GRADIO_SERVER_NAME", "0.0.0.0"), port=port):
        threading.Event().wait()


if __name__ == "__main__":
    main()
