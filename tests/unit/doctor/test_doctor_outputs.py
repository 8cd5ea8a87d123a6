"""`fermon doctor --test-outputs`, looked at from the other end of each wire."""

from __future__ import annotations

import os
import pty
import signal
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import can
import pytest
from gpiozero.pins.mock import MockPin

from fermon.config import Config
from fermon.doctor import outputs
from fermon.doctor.finding import Finding, Verdict
from fermon.doctor.outputs import check_outputs
from fermon.outputs import OutputsSettings
from fermon.outputs.can.dbc import load, shipped_dbc
from fermon.outputs.gpio import output as gpio
from tests.outputs_kit import BreakableLines

LAMP, BUZZER = 23, 18


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outputs, "TEST_S", 0.5)


def enabled(name: str, **settings: object) -> OutputsSettings:
    """Return settings with one output enabled and the log off."""
    own = Config().outputs
    more = {name: replace(getattr(own, name), enabled=True, **settings)}
    return replace(own, log=replace(own.log, enabled=False), **more)


def about(name: str, findings: Iterator[Finding]) -> Finding:
    [found] = [finding for finding in findings if finding.text.startswith(f"{name}:")]
    assert found.area == "outputs"
    return found


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> BreakableLines:
    """gpiozero's mock lines in place of the Pi's."""
    monkeypatch.chdir(tmp_path)  # lgpio leaves a pipe in the current folder when it is imported
    made = BreakableLines()
    monkeypatch.setattr(gpio, "lines_factory", lambda chip: made)
    return made


def changes(pin: MockPin) -> list[bool]:
    return [bool(state.state) for state in pin.states]


@pytest.mark.parametrize("at_start", [True, False])
def test_lamp_and_buzzer_are_tried_once_and_left_off(lines: BreakableLines, at_start: bool) -> None:
    """Whether they are tried at every start or not."""
    lamp, buzzer = lines.pin(LAMP), lines.pin(BUZZER)  # kept: a factory that is closed forgets its pins
    settings = enabled("gpio", self_test=at_start)
    assert about("gpio", check_outputs(settings, True)).text == "gpio: opened and tested"
    assert changes(buzzer) == [False, True, False], "one short beep"
    assert True in changes(lamp) and changes(lamp)[-1] is False


def test_an_interruption_leaves_the_lines_off(lines: BreakableLines, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever Ctrl-C does before, as ending the process at once: while a line may be high it is an exception."""
    lamp, buzzer = lines.pin(LAMP), lines.pin(BUZZER)
    told: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _: told.append(number))
    monkeypatch.setattr(outputs.time, "sleep", lambda _: signal.raise_signal(signal.SIGINT))
    try:
        with pytest.raises(KeyboardInterrupt):
            list(check_outputs(enabled("gpio"), True))
        assert True in changes(buzzer) and not changes(lamp)[-1] and not changes(buzzer)[-1]
        signal.raise_signal(signal.SIGINT)
        assert told == [signal.SIGINT], "afterwards it is what it was"
    finally:
        signal.signal(signal.SIGINT, before)


def test_without_the_test_nothing_sounds_or_lights(lines: BreakableLines) -> None:
    lamp, buzzer = lines.pin(LAMP), lines.pin(BUZZER)
    found = about("gpio", check_outputs(enabled("gpio", self_test=True), False))
    assert found.verdict is Verdict.OK and found.text == "gpio: can be opened (try --test-outputs)"
    assert True not in changes(lamp) + changes(buzzer)


def test_lines_that_cannot_be_driven_are_a_fault_and_are_let_go(lines: BreakableLines) -> None:
    lines.broken = True
    found = about("gpio", check_outputs(enabled("gpio"), True))
    assert found.verdict is Verdict.FAULT and "23 (lamp), 18 (buzzer)" in found.text and "group gpio" in found.remedy
    lines.broken = False
    assert about("gpio", check_outputs(enabled("gpio"), True)).verdict is Verdict.OK


@pytest.fixture
def bus() -> Iterator[can.BusABC]:
    with can.Bus(interface="virtual", channel=f"doctor-{uuid.uuid4()}", ignore_config=True) as listening:
        yield listening


def test_what_is_sent_on_the_bus_is_no_alert(bus: can.BusABC) -> None:
    settings = enabled("can", interface="virtual", channel=bus.channel_id)
    assert about("can", check_outputs(settings, True)).text == "can: opened and tested"
    messages = {message.frame_id: message for message in load(shipped_dbc()).messages}
    sent = []
    while (frame := bus.recv(0)) is not None:
        sent.append((messages[frame.arbitration_id].name, messages[frame.arbitration_id].decode(frame.data)))
    assert {"FermonState", "FermonDetail", "FermonAttention"} == {name for name, _ in sent}
    for _, signals in (entry for entry in sent if entry[0] == "FermonAttention"):
        assert (str(signals["Attention"]), str(signals["Distracted"])) == ("not determined", "inactive")
    for _, signals in (entry for entry in sent if entry[0] == "FermonState"):
        assert str(signals["Level"]) == "none" and str(signals["Mode"]) == "booting"
        assert all(str(signals[kind]) == "inactive" for kind in ("Microsleep", "Asleep", "Unresponsive", "Drowsy"))


def test_without_the_test_nothing_is_sent(bus: can.BusABC) -> None:
    settings = enabled("can", interface="virtual", channel=bus.channel_id)
    assert about("can", check_outputs(settings, False)).verdict is Verdict.OK
    assert bus.recv(0) is None


def test_a_bus_that_is_not_there_is_a_fault_with_the_remedy() -> None:
    found = about("can", check_outputs(enabled("can", channel="can63"), False))
    assert found.verdict is Verdict.FAULT and "can63" in found.text and "ip link set can63 up" in found.text
    assert found.remedy


def test_what_is_sent_to_the_serial_port_is_no_alert() -> None:
    ours, theirs = pty.openpty()
    try:
        found = about("serial", check_outputs(enabled("serial", port=os.ttyname(theirs)), True))
        sentence = os.read(ours, 4096).decode()
    finally:
        os.close(ours)
        os.close(theirs)
    assert found.text == "serial: opened and tested"
    fields = sentence.partition("*")[0].split(",")
    assert fields[0] == "$FERM" and fields[2] == "0" and fields[-1] == "0", "not determined, no alert"


def test_those_that_are_off_are_named() -> None:
    assert list(check_outputs(replace(enabled("can"), can=Config().outputs.can), False))[-1].text == (
        "not enabled: log, gpio, serial, can"
    )
