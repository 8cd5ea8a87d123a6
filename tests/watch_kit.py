"""What the tests of a run's parts share: a clip, the command line's options, configurations."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from fermon.cli import _watch_parser
from fermon.config import Config
from fermon.outputs.serial.output import SerialSettings

FRAMES, RATE_HZ = 60, 2.0  # a slow clip: at its own pace nothing comes for half a second


def write_noise(path: Path) -> Path:
    """Write a clip in which nobody is."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), RATE_HZ, (64, 48), False)
    lots = np.random.default_rng(0)
    for _ in range(FRAMES):
        writer.write(lots.integers(0, 255, (48, 64), np.uint8))
    writer.release()
    return path


def options_of(*words: object) -> argparse.Namespace:
    """What the command line makes of these words."""
    return _watch_parser().parse_args([str(word) for word in words])


def no_outputs(config: Config) -> Config:
    return replace(config, outputs=replace(config.outputs, log=replace(config.outputs.log, enabled=False)))


def with_serial(config: Config) -> Config:
    """An output that is wanted and cannot be had."""
    serial = SerialSettings(enabled=True, port="/dev/no-such-port")
    return replace(config, outputs=replace(config.outputs, serial=serial))
