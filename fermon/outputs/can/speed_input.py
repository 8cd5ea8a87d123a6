"""The configured speed: set up until that works, watched for not coming, told once each way."""

from __future__ import annotations

import logging
from collections.abc import Callable

from fermon.errors import OutputError
from fermon.outputs.can.settings import CanSettings
from fermon.outputs.can.speed import CanFilter, DbcSpeed, J1939Speed, ObdSpeed, Request, SpeedReader

log = logging.getLogger(__name__)

RETRY_S = 5.0  # between two tries to read the speed's file
MISSING_S = 5.0  # without a speed that can be used, before it is told


def speed_reader(settings: CanSettings) -> SpeedReader | None:
    """Return what finds the speed, None when nobody asked for it. Raises OutputError for an unusable DBC or signal."""
    if settings.speed == "dbc":
        return DbcSpeed(settings.speed_dbc, settings.speed_signal)
    return {"none": None, "j1939": J1939Speed(), "obd2": ObdSpeed()}[settings.speed]


class SpeedInput:
    """Never raises: a speed that cannot be had does not keep an alert from the bus. All times in s, of one clock."""

    def __init__(self, make: Callable[[], SpeedReader | None]) -> None:
        """`make` sets the reader up; it raises OutputError until it can, and is then not called again."""
        self._make: Callable[[], SpeedReader | None] | None = make
        self._reader: SpeedReader | None = None
        self._due = float("-inf")
        self._since = 0.0  # when the last speed came, or waiting for it began
        self._told = False  # that there is none
        self._watching = True

    @property
    def filters(self) -> tuple[CanFilter, ...]:
        return self._reader.filters if self._reader is not None else ()

    @property
    def request(self) -> Request | None:
        return self._reader.request if self._reader is not None else None

    def wait_from(self, now: float) -> None:
        """The bus is open, or open again: the speed may come from now on."""
        self._since = now

    def set_up(self, now: float) -> bool:
        """Try again when that is due; return whether there is a new reader, with filters of its own."""
        if self._make is None or now < self._due:
            return False
        self._due = now + RETRY_S
        try:
            self._reader = reader = self._make()
        except OutputError as error:
            if not self._told:
                log.warning("%s; trying again, without a speed until then", error)
            self._told = True
            return False
        self._make, self._since = None, now
        if reader is None:
            return False
        if self._told:
            log.info("can: speed: found %s", reader.name)
        if reader.assumed:
            log.warning("can: speed: %s names no unit: taken for km/h", reader.name)
        return True

    def take(self, can_id: int, extended: bool, data: bytes, now: float) -> float | None:
        """Return the speed in km/h that this frame tells, None when it tells none."""
        reader = self._reader
        kmh = reader.kmh(can_id, extended, data) if reader is not None else None
        if reader is None or kmh is None:
            return None
        if self._told:
            log.info("can: speed received: %s says %.1f km/h", reader.name, kmh)
        self._told, self._watching, self._since = False, True, now
        reader.unusable = ""
        return kmh

    def watch(self, now: float) -> None:
        """Tell once that the speed does not come."""
        reader = self._reader
        if reader is not None and self._watching and now - self._since >= MISSING_S:
            self._told, self._watching = True, False
            why = f"{reader.name}: {reader.unusable}" if reader.unusable else f"no frame with {reader.name} has come"
            log.warning("can: no speed for %g s: %s; the vehicle counts as moving fast", MISSING_S, why)
