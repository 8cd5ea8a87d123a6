"""What the loop tells: the state to the outputs, faults to everybody, READY, STATUS and WATCHDOG to systemd."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from fermon.domain import NS_PER_S, Acknowledged, Frame, Observation, Status, VehicleSpeed, Wakefulness
from fermon.errors import CameraLost, OutputError
from tests.daemon_kit import FRAME_NS, PATIENT, START_NS, TURN_NS, Rig, Wire, observation
from tests.outputs_kit import until

Steps = Iterator[Frame | Exception | None]
MS = 1_000_000


def shut(frame: Frame) -> Observation:
    return observation(frame, closed=0.98)


class Cable(Wire):
    """A wire that can be unplugged."""

    present = True

    def show(self, status: Status) -> None:
        if not self.present:
            raise OutputError(f"{self.name}: unplugged")
        super().show(status)


# States -------------------------------------------------------------------------------------------------------------


def test_every_state_reaches_the_outputs(rig: Rig) -> None:
    rig.eyes.seen = shut

    def script(rig: Rig) -> Steps:
        for seconds, shown in (
            (1.0, Wakefulness.NOT_DETERMINED),
            (1.0, Wakefulness.MICROSLEEP),
            (1.5, Wakefulness.ASLEEP),
        ):
            yield from rig.frames(seconds)
            rig.until_shown(lambda status, shown=shown: status.wakefulness is shown, shown.words)
        rig.wire.send(Acknowledged())
        yield from rig.frames(0.1)
        rig.until_shown(lambda status: status.wakefulness is Wakefulness.MICROSLEEP, "the acknowledgement")

    rig.run(script)


def test_a_state_is_published_with_its_age(rig: Rig) -> None:
    """Uptime from the daemon's start, latency from the capture of the frame, both to the end of the turn."""

    def script(rig: Rig) -> Steps:
        rig.eyes.takes_ns = 35 * MS
        rig.clock.now_ns += 2_000 * MS
        yield rig.frame(age_ns=20 * MS)
        rig.clock.now_ns += 965 * MS
        yield rig.frame(age_ns=7 * MS)

    rig.run(script)
    first, second = rig.hub.published
    assert (first.uptime_ms, first.latency_ms, first.start_ns) == (2_035, 55.0, START_NS + 1_980 * MS)
    assert (second.uptime_ms, second.latency_ms, second.start_ns) == (3_035, 42.0, START_NS + 1_980 * MS)
    assert isinstance(second.uptime_ms, int)
    assert [status.state for status in rig.hub.published] == [event[3] for event in rig.happened if event[0] == "input"]


def test_without_a_frame_the_state_is_published_all_the_same(rig: Rig) -> None:
    """Outputs take a loop that publishes nothing for stalled."""
    rig.run(lambda rig: rig.nothing(1.0))
    assert [status.uptime_ms for status in rig.hub.published] == [250, 500, 750, 1000]
    assert [status.latency_ms for status in rig.hub.published] == [None] * 4
    assert {status.fault for status in rig.hub.published} == {None}


def test_a_clip_has_no_latency(rig: Rig) -> None:
    rig.run(lambda rig: rig.frames(1.0), live=False)
    assert {status.latency_ms for status in rig.hub.published} == {None}
    assert rig.hub.published[-1].start_ns == START_NS + FRAME_NS


def test_before_the_first_input_a_clip_has_no_start(rig: Rig) -> None:
    def clip(rig: Rig) -> Steps:
        yield None

    rig.run(clip, live=False)
    assert [status.start_ns for status in rig.hub.published] == [0]


# Faults -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def cables(rig: Rig) -> tuple[Cable, Cable]:
    """Two cables beside the rig's wire."""
    cables = Cable(rig.happened, "can"), Cable(rig.happened, "serial")
    rig.wire_up(*cables)
    return cables


def test_a_failed_output_is_a_fault_for_everybody_until_it_works_again(rig: Rig, cables: tuple[Cable, Cable]) -> None:
    can, serial = cables

    def broken(rig: Rig, *names: str) -> None:
        until(lambda: sorted(rig.hub.broken()) == sorted(names), f"broken: {names}")

    def script(rig: Rig) -> Steps:
        yield from rig.frames(2.0)
        can.present = False
        broken(rig, "can")
        yield from rig.frames(2.0)
        rig.until_shown(lambda status: status.fault == "an output failed: can", "the fault at the other output")
        serial.present = False
        broken(rig, "can", "serial")
        yield from rig.frames(2.0)
        can.present = serial.present = True
        broken(rig)
        yield from rig.frames(2.0)

    rig.run(script)
    assert rig.told("fault") == ["an output failed: can", "an output failed: can, serial", None], "each once"
    faults = [status.fault for status in rig.hub.published]
    assert faults == [None] * 30 + ["an output failed: can"] * 30 + ["an output failed: can, serial"] * 30 + [None] * 30
    lines = rig.status_lines()
    assert [line.split("; ")[2:] for line in lines[-3:]] == [
        ["an output failed: can"],
        ["an output failed: can, serial"],
        [],
    ]


def test_a_fault_does_not_silence_an_alert(rig: Rig, cables: tuple[Cable, Cable]) -> None:
    def script(rig: Rig) -> Steps:
        cables[0].present = False
        rig.eyes.seen = shut
        yield from rig.frames(4.0)
        until(rig.hub.broken, "the failure")
        yield from rig.frames(0.1)

    rig.run(script)
    assert rig.hub.published[-1].fault == "an output failed: can"
    assert rig.hub.published[-1].wakefulness is Wakefulness.ASLEEP
    assert rig.status_lines()[-1] == (
        "asleep; CRITICAL ASLEEP, WARNING MICROSLEEP; an output failed: can"
    )  # the order of urgency


# systemd ------------------------------------------------------------------------------------------------------------


def test_the_status_line_follows_the_state(rig: Rig) -> None:
    def script(rig: Rig) -> Steps:
        yield from rig.frames(14.0)
        rig.eyes.seen = shut
        yield from rig.frames(2.0)
        rig.eyes.seen = lambda frame: observation(frame, face=False)
        yield from rig.frames(14.0)

    rig.run(script)
    assert rig.status_lines() == [
        "starting: camera 0",
        "not determined; no alert",
        "alert; no alert",
        "microsleep; WARNING MICROSLEEP",
        "microsleep, no face; WARNING MICROSLEEP, NOTICE UNAVAILABLE",
    ]


def test_ready_comes_with_the_first_frame_and_once(rig: Rig) -> None:
    """Not before: what systemd starts after fermon may rely on a monitor that sees."""

    def script(rig: Rig) -> Steps:
        yield from rig.nothing(2.0)
        assert "READY=1" not in rig.told("systemd")
        yield from rig.frames(1.0)

    rig.run(script)
    events = [event for event in rig.happened if event[0] == "input" or event == ("systemd", "READY=1")]
    kinds = [type(event[1]).__name__ for event in events]
    assert kinds == ["Tick"] * 8 + ["Observation", "str"] + ["Observation"] * 14


def test_without_a_camera_ready_comes_at_once(rig: Rig) -> None:
    """A service that waits for its camera has started; systemd would otherwise end it after its start timeout."""
    rig.run(lambda _: iter(()), lambda rig: rig.nothing(1.0), camera=None)
    assert rig.told("systemd").count("READY=1") == 1
    assert rig.told("systemd").index("READY=1") == 1, "the first after 'starting'"


def test_a_camera_lost_before_its_first_frame_is_ready_too(rig: Rig) -> None:
    def script(rig: Rig) -> Steps:
        yield from rig.nothing(1.0)
        assert "READY=1" not in rig.told("systemd")
        yield CameraLost("unplugged")

    rig.run(script, lambda rig: rig.nothing(1.0))
    assert rig.told("systemd").count("READY=1") == 1


def test_the_watchdog_is_pinged_while_turns_go_on(rig: Rig) -> None:
    """Every 10 s here, with frames and without."""

    def script(rig: Rig) -> Steps:
        yield from rig.frames(25.0)
        assert rig.told("systemd").count("WATCHDOG=1") == 3
        yield from rig.nothing(20.0)

    rig.run(script)
    assert rig.told("systemd").count("WATCHDOG=1") == 5


def test_a_loop_that_hangs_pings_no_more(rig: Rig) -> None:
    """What is pinged is the time at which a turn began to work, not the end of whatever it did."""

    def script(rig: Rig) -> Steps:
        yield rig.frame()
        rig.eyes.takes_ns = 60 * NS_PER_S
        rig.clock.now_ns += TURN_NS
        yield rig.frame()

    rig.run(script)
    assert rig.told("systemd").count("WATCHDOG=1") == 1


def test_outputs_take_a_loop_that_hangs_for_a_fault(rig: Rig) -> None:
    """The real hub with its own clock: the last state, then nothing."""
    rig.wire_up(timing=replace(PATIENT, stale_s=0.05))

    def script(rig: Rig) -> Steps:
        yield from rig.frames(1.0)
        rig.until_shown(lambda status: status.fault == "loop stalled", "the fault")

    rig.run(script)


# Acknowledgements, and what speed holds back ------------------------------------------------------------------------


def test_an_acknowledgement_is_told_with_what_became_of_it(rig: Rig, reports: list[str]) -> None:
    def script(rig: Rig) -> Steps:
        yield from rig.frames(1.0)
        for _ in range(3):  # somebody who leans on the button is told once
            rig.wire.send(Acknowledged())
            yield from rig.frames(0.5)
        rig.eyes.seen = shut
        yield from rig.frames(3.5)
        rig.wire.send(Acknowledged())
        yield from rig.frames(0.5)

    rig.run(script)
    told_later = "acknowledgement: taken; 2 earlier ones were not reported"
    assert reports == ["acknowledgement: nothing to acknowledge", told_later]


def test_what_speed_holds_back_is_said_at_its_start_and_at_its_end(rig: Rig, reports: list[str]) -> None:
    def script(rig: Rig) -> Steps:
        rig.wire.send(VehicleSpeed(3.0, "can"))
        yield from rig.frames(0.5)
        rig.eyes.seen = shut
        for _ in range(8):
            rig.wire.send(VehicleSpeed(3.0, "can"))
            yield from rig.frames(0.5)
        rig.wire.send(VehicleSpeed(60.0, "can"))
        yield from rig.frames(0.5)
        rig.until_shown(lambda status: status.wakefulness is Wakefulness.ASLEEP, "the alert at once")

    rig.run(script)
    assert reports == [
        "eyes closed for 2 s; MICROSLEEP is not raised below 10 km/h (can says 3)",
        "speed no longer holds back any alert",
    ]
