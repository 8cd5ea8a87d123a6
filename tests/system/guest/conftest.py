"""One guest for all tests: booted, with the bench's devices, before fermon is installed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system.guest.bench import PATIENCE_S, Bench
from tests.system.guest.machine import Guest, boot


def hardware(guest: Guest) -> None:
    """Plug in the bench's devices, for this boot and all later ones."""
    guest.check(
        "mkdir -p /payload /opt/bench && mount -L payload -o ro /payload && cp /payload/bench/* /opt/bench/ "
        "&& cp /opt/bench/*.service /etc/systemd/system/ && systemctl daemon-reload "
        "&& systemctl enable --now -q bench.service bench-watch.service bench-camera.service",
        PATIENCE_S,
    )
    guest.until("[ -s /run/bench/fed ] && [ -e /run/bench/can.log ]", PATIENCE_S, "the bench's camera gives pictures")


@pytest.fixture(scope="session")
def guest() -> Iterator[Guest]:
    folder, disk = Path(os.environ["FERMON_GUEST"]), Path(os.environ["FERMON_GUEST_DISK"])
    with boot(os.environ["FERMON_GUEST_ARCHITECTURE"], folder, disk) as booted:
        hardware(booted)
        yield booted


@pytest.fixture(scope="session")
def bench(guest: Guest) -> Bench:
    return Bench(guest)
