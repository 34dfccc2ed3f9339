"""The web demo: `python apps/gradio_demo.py` is `swinsr demo`."""

import sys

from swinsr.cli import main

if __name__ == "__main__":
    sys.argv[1:1] = ["demo"]
    main()
