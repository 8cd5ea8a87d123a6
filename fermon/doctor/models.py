"""The networks: whole, as their manifests say, and fast enough."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from statistics import median

import numpy as np

from fermon.config import Config
from fermon.doctor.finding import Finding, faults, ok, warning
from fermon.errors import ModelError
from fermon.perception.detectors import make_detector
from fermon.perception.network import NETWORKS, Network, open_network, runtime_name
from fermon.perception.pipeline import Perception
from fermon.perception.tracker import FaceSettings

REMEDY = "reinstall fermon, or export the networks anew"
RUNS = 20
SHARE = 0.6  # of the time between two frames that the networks may take: the rest is for the face and everything else


def check_models(config: Config) -> Iterator[Finding]:
    """Yield the runtime, each network with its hash and speed, and whether all together fit the frame rate."""
    try:
        runtime = runtime_name()
    except ModelError as error:
        yield from faults("models", error, REMEDY)
        return
    why = "the first choice" if "litert" in runtime else "ai-edge-litert, the first choice, is not installed"
    yield ok("models", f"runtime {runtime} ({why}), one thread")
    total_ms, whole = 0.0, True
    for name in NETWORKS:
        try:
            network = open_network(name, config.perception.models)
        except ModelError as error:
            whole = False
            yield from faults("models", error, REMEDY)
            continue
        took_ms = speed_ms(network)
        total_ms += took_ms
        yield ok("models", f"{name}: sha256 {network.sha256[:12]}… as in its manifest, {took_ms:.1f} ms")
    yield from check_detector(config)
    if whole:
        yield from check_readers(config)
    limit_ms = 1000 / config.camera.rate_hz * SHARE
    if whole and total_ms > limit_ms:
        yield warning(
            "models",
            f"a frame's networks take {total_ms:.0f} ms, expected at most {limit_ms:.0f} ms"
            f" for {config.camera.rate_hz:g} frames a second",
            "stop other programs, cool the machine, or lower camera.rate_hz (blink statistics need 15)",
        )


def check_detector(config: Config) -> Iterator[Finding]:
    """Yield whether the face detector can be had: for "auto" the best one, since others find fewer faces."""
    face = config.perception.face
    name = "blazeface" if face.detector == "auto" else face.detector
    try:
        make_detector(name, face.yunet_model)
    except ModelError as error:
        yield from faults("models", error, REMEDY)
    else:
        yield ok("models", f"face detector {name}")
    if face.driver == "largest":
        yield ok(
            "models", 'the largest face is the driver\'s; in a vehicle set perception.face.driver to "left" or "right"'
        )


def check_readers(config: Config) -> Iterator[Finding]:
    """Yield what is wrong when sound networks are not the ones that a frame is read with, such as two exchanged."""
    try:
        Perception(replace(config.perception, face=FaceSettings()))  # the detector has a line of its own
    except ModelError as error:
        yield from faults("models", error, REMEDY)


def speed_ms(network: Network) -> float:
    """Return the median time of a run, in ms."""
    gray = np.full(network.input_shape[1:3], 128, np.uint8)
    network.run_gray(gray)  # the first one warms up
    times = []
    for _ in range(RUNS):
        begin = time.perf_counter()
        network.run_gray(gray)
        times.append(time.perf_counter() - begin)
    return median(times) * 1000
