"""A fault never silences an alert that is on: every combination of alerts, levels, fault and sight, on every wire."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace

import pytest

from fermon.domain import Kind, Level, Mode, Status, Visibility, Wakefulness
from fermon.outputs.can.dbc import Encoder, load, shipped_dbc
from fermon.outputs.gpio.output import GpioOutput, GpioSettings
from fermon.outputs.gpio.patterns import LOOKS, Signal, signal_of
from fermon.outputs.serial.sentences import status_sentence
from fermon.outputs.worker import LatestStatus
from tests.outputs_kit import BLIND, BOOTING, CRITICAL, NOTICE, WARNING, WELL, BreakableLines, alert, status

DBC = load(shipped_dbc())
LADDER = {
    Kind.UNRESPONSIVE: Wakefulness.UNRESPONSIVE,
    Kind.ASLEEP: Wakefulness.ASLEEP,
    Kind.MICROSLEEP: Wakefulness.MICROSLEEP,
    Kind.DROWSY: Wakefulness.DROWSY,
}
URGENT = (Level.WARNING, Level.CRITICAL)


def combinations() -> Iterator[tuple[Status, dict[Kind, Level]]]:
    """Every set of kinds, each at one level for all; seen or not; well, stalled, or with another output failed."""
    sets = itertools.chain.from_iterable(itertools.combinations(Kind, size) for size in range(len(Kind) + 1))
    for kinds, level, visibility, fault in itertools.product(
        list(sets), Level, (Visibility.OK, Visibility.NO_FACE), (None, "loop stalled", "an output failed: can")
    ):
        seen = visibility is Visibility.OK and Kind.UNAVAILABLE not in kinds
        alerts = [alert(kind, level) for kind in kinds]
        yield status(*alerts, determined=seen, visibility=visibility, fault=fault), dict.fromkeys(kinds, level)


COMBINATIONS = list(combinations())


def step_of(kinds: dict[Kind, Level]) -> Wakefulness | None:
    return next((step for kind, step in LADDER.items() if kind in kinds), None)


def test_there_are_enough() -> None:
    assert len(COMBINATIONS) >= 2 ** len(Kind) * 18
    assert {s.mode for s, _ in COMBINATIONS} == set(Mode)


def test_serial_state_and_level_stay_the_alert_s() -> None:
    for shown, kinds in COMBINATIONS:
        fields = status_sentence(shown).split(b"*")[0].split(b",")
        state, level = int(fields[2]), int(fields[7])
        step = step_of(kinds)
        assert level == max(kinds.values(), default=0)
        if step is not None:
            assert state == step
        else:
            assert (state == Wakefulness.FAULTY) == bool(shown.fault)


def test_can_tells_the_fault_beside_the_alert() -> None:
    encoder = Encoder(DBC, "fermon.dbc")
    names = {"Drowsy": Kind.DROWSY, "Microsleep": Kind.MICROSLEEP, "Asleep": Kind.ASLEEP}
    names |= {"Unresponsive": Kind.UNRESPONSIVE, "Unavailable": Kind.UNAVAILABLE, "ExpressionAlert": Kind.ANGER}
    words = {0: "none", 1: "notice", 2: "warning", 3: "critical"}
    for shown, kinds in COMBINATIONS:
        signals = {k: str(v) for k, v in DBC.decode_message("FermonState", encoder.state_frame(shown)).items()}
        step = step_of(kinds)
        assert signals["Level"] == words[max(kinds.values(), default=0)]
        assert (signals["Mode"] == "fault") == bool(shown.fault)
        assert {name: signals[name] == "active" for name in names} == {n: k in kinds for n, k in names.items()}
        if step is not None:
            assert signals["State"] == step.words
        else:
            assert (signals["State"] == "faulty") == bool(shown.fault)


def test_lamp_and_buzzer_show_the_urgent_alert_then_the_fault() -> None:
    for shown, kinds in COMBINATIONS:
        level = max(kinds.values(), default=0)
        signal = signal_of(shown)
        if level in URGENT:
            assert signal is (Signal.CRITICAL if level == Level.CRITICAL else Signal.WARNING)
            assert LOOKS[signal].buzzer.repeat and any(LOOKS[signal].buzzer.times_s)
        elif shown.fault:
            assert signal is Signal.FAULT
        else:
            assert signal is not Signal.FAULT


@pytest.mark.parametrize("before", [WARNING, CRITICAL])
@pytest.mark.parametrize("fault", ["loop stalled", "an output failed: can, serial"])
def test_the_buzzer_s_rhythm_goes_on_when_a_fault_comes_and_goes(before: Status, fault: str) -> None:
    """Real lines in invented time: with a fault from 1 s to 3 s it sounds as without one."""

    def heard(faulty: bool) -> list[bool]:
        now, lines = 0.0, BreakableLines()
        output = GpioOutput(GpioSettings(self_test=False), lambda: lines, lambda: now)
        output.open()
        rows = []
        for tick in range(500):
            now = tick / 100
            if tick % 20 == 0:
                output.show(replace(before, fault=fault if faulty and 1 <= now < 3 else None))
            output.poll()
            rows.append(bool(lines.pin(18).state))
        output.close()
        return rows

    assert heard(True) == heard(False)
    assert any(heard(True))


@pytest.mark.parametrize("shown", [WELL, BLIND, BOOTING, NOTICE, WARNING, CRITICAL])
def test_a_stalled_loop_keeps_what_was_on(shown: Status) -> None:
    """For an hour: as long as nobody says that the alert is over."""
    latest = LatestStatus(0.0, stale_s=2.0, boot_s=60.0)
    latest.set(shown, 0.0)
    for seconds in (1.9, 2.1, 60.0, 3600.0):
        aged = latest.get(seconds)
        assert (aged.fault is not None) == (seconds > 2)
        assert aged.state.alerts == shown.state.alerts
        assert (signal_of(aged) is signal_of(shown)) or (
            shown.state.level < Level.WARNING and signal_of(aged) is Signal.FAULT
        )
