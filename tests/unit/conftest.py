"""What unit tests of the loop and of a run's parts use."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:  # the tests of perception on the older runtime have neither python-can nor gpiozero
    from tests.daemon_kit import Rig


@pytest.fixture
def own_signals() -> Iterator[None]:
    """Puts the process's signal handlers back."""
    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    handlers = [signal.getsignal(number) for number in numbers]
    yield
    for number, handler in zip(numbers, handlers, strict=True):
        signal.signal(number, handler)


@pytest.fixture
def rig(own_signals: None) -> Iterator[Rig]:
    """A scripted run of the daemon; the hub's threads are ended afterwards."""
    from tests.daemon_kit import Rig

    rig = Rig()
    yield rig
    rig.hub.close()


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clip in which nobody is."""
    from tests.watch_kit import write_noise

    return write_noise(tmp_path_factory.mktemp("clip") / "noise.avi")
