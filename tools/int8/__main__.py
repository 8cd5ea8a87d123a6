"""Converts in a process of its own, where Keras computes elsewhere: python -m int8 KERAS PICTURES.npy OUT."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

from int8 import files, manifest
from lib.exits import run_and_exit


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m int8", description=__doc__)
    parser.add_argument("keras", type=Path)
    parser.add_argument("pictures", type=Path, help="uint8 (n, height, width)")
    parser.add_argument("out", type=Path)
    parser.add_argument("--mirror", action="store_true")
    args = parser.parse_args()

    def convert() -> None:
        manifest.write_whole(args.out, files.converted_here(args.keras, np.load(args.pictures), args.mirror))

    return run_and_exit("int8", convert)


if __name__ == "__main__":
    sys.exit(main())
