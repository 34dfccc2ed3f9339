"""PSNR and SSIM of models on datasets: `python apps/evaluate.py` is `swinsr evaluate`."""

import sys

from swinsr.cli import main

if __name__ == "__main__":
    sys.argv[1:1] = ["evaluate"]
    main()
