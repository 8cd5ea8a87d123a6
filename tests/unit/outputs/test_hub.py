"""The hub with outputs that misbehave: nobody waits, nobody is silenced, everything is said once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from fermon.domain import Acknowledged, Received, Status, VehicleSpeed, Wakefulness
from fermon.outputs.contract import Output
from fermon.outputs.hub import Hub
from fermon.outputs.inbox import MOST_ACKS, Inbox
from fermon.outputs.worker import Timing
from tests.conftest import Reports
from tests.output_fakes import DisappearingOutput, HangingOutput, MemoryOutput, RaisingOutput, SlowOutput
from tests.outputs_kit import BOOTING, CRITICAL, NOTICE, WARNING, WELL, until

QUICK = Timing(
    stale_s=3600, boot_s=3600, hang_s=0.3, open_hang_s=0.3, backoff_first_s=0.01, backoff_most_s=0.05, watch_s=0.02
)


@pytest.fixture
def start() -> Iterator[Callable[..., Hub]]:
    """A function that starts a hub, ended after the test."""
    hubs: list[Hub] = []

    def run(*outputs: Output, timing: Timing = QUICK) -> Hub:
        hubs.append(Hub(outputs, timing))
        return hubs[-1]

    yield run
    for hub in hubs:
        hub.close(1.0)


def shows(output: MemoryOutput, status: Status) -> Callable[[], bool]:
    """Whether the last that `output` showed is `status`, but for what grows with time."""
    return lambda: bool(output.shown) and output.shown[-1].state == status.state


def test_before_the_first_state_outputs_show_booting(start: Callable[..., Hub]) -> None:
    output = MemoryOutput()
    start(output)
    until(lambda: output.shown, "a first status")
    assert output.shown[0].wakefulness is Wakefulness.NOT_DETERMINED
    assert output.shown[0].fault is None


def test_every_change_and_heartbeats_reach_every_output(start: Callable[..., Hub]) -> None:
    first, second = MemoryOutput("first"), MemoryOutput("second")
    hub = start(first, second)
    for status in (BOOTING, WELL, WARNING, CRITICAL, NOTICE):
        hub.publish(status)
        until(shows(first, status), "the state at the first output")
        until(shows(second, status), "the state at the second output")
    before = len(first.shown)
    until(lambda: len(first.shown) > before + 2, "heartbeats")
    assert all(s.state == NOTICE.state for s in first.shown[before:])


def test_a_change_wakes_an_output_that_would_sleep_for_an_hour(start: Callable[..., Hub]) -> None:
    output = MemoryOutput(heartbeat_s=3600)
    output.poll_s = 3600  # type: ignore[misc]
    hub = start(output)
    for status in (WELL, WARNING, CRITICAL):
        hub.publish(status)
        until(shows(output, status), "the state", 5.0)
    assert hub.close(30.0) == []


def test_uptime_and_latency_grow_between_two_states(start: Callable[..., Hub]) -> None:
    output = MemoryOutput()
    hub = start(output)
    hub.publish(WELL)
    until(lambda: len([s for s in output.shown if s.state == WELL.state]) > 3, "heartbeats")
    uptimes = [s.uptime_ms for s in output.shown if s.state == WELL.state]
    assert uptimes == sorted(uptimes) and uptimes[-1] > uptimes[0] >= WELL.uptime_ms
    assert output.shown[-1].latency_ms > WELL.latency_ms


def test_a_failing_output_is_reported_once_and_announced_when_it_is_back(
    start: Callable[..., Hub], reports: Reports
) -> None:
    good, bad = MemoryOutput("good"), RaisingOutput("bad")
    hub = start(good, bad)
    hub.publish(WARNING)
    until(lambda: bad.opened >= 4, "several attempts")
    until(shows(good, WARNING), "the state at the other output")
    assert len(reports.about("bad")) == 1
    assert "the wire is broken" in hub.broken()["bad"]
    bad.broken = False
    until(shows(bad, WARNING), "the newest state, by itself")
    until(lambda: len(reports.about("bad")) == 2, "the recovery")
    assert "works again" in reports.about("bad")[1]
    assert hub.broken() == {}
    assert reports.about("good") == []


def test_a_bug_in_an_output_is_contained_like_a_failure(
    start: Callable[..., Hub], reports: Reports, caplog: pytest.LogCaptureFixture
) -> None:
    good, bad = MemoryOutput("good"), RaisingOutput("bad", bug=True)
    hub = start(good, bad)
    hub.publish(WARNING)
    until(lambda: bad.opened >= 2, "another attempt")
    until(shows(good, WARNING), "the state at the other output")
    assert len(reports.about("bad")) == 1
    tracebacks = [record for record in caplog.records if record.exc_info]
    assert len(tracebacks) == 1, "somebody has to mend it, but a log of days must not fill up with it"


def test_an_output_that_is_not_there_at_the_start_joins_later(start: Callable[..., Hub], reports: Reports) -> None:
    output = DisappearingOutput()
    output.present = False
    hub = start(output)
    hub.publish(WARNING)
    until(lambda: reports.about("disappearing"), "a report")
    output.present = True
    until(shows(output, WARNING), "the newest state")
    output.present = False
    until(lambda: len(reports.about("disappearing")) == 3, "failure, recovery, failure")
    output.present = True
    hub.publish(CRITICAL)
    until(shows(output, CRITICAL), "the state after the gap")


def test_a_hang_is_reported_isolated_and_over_when_it_is_over(start: Callable[..., Hub], reports: Reports) -> None:
    good, hanging = MemoryOutput("good"), HangingOutput("hanging")
    hub = start(good, hanging)
    hub.publish(WARNING)
    until(lambda: reports.about("hanging"), "a report of the hang")
    assert reports == ["output hanging: show has not come back for 0.3 s; the other outputs go on"]
    for status in (WELL, CRITICAL):
        hub.publish(status)
        until(shows(good, status), "the state at the other output")
    assert len(reports.about("hanging")) == 1
    hanging.release.set()
    until(shows(hanging, CRITICAL), "the newest state, not the one that hung")
    until(lambda: len(reports.about("hanging")) == 2, "the recovery")


def test_publishing_never_waits_for_an_output(start: Callable[..., Hub]) -> None:
    """With one output hanging for good and one slow, a thousand states are handed over; the last one gets through."""
    slow = SlowOutput(0.05)
    hub = start(HangingOutput(), slow)
    for number in range(1000):
        hub.publish(replace(WARNING, state=replace(WARNING.state, t_ns=number), uptime_ms=number))
    until(lambda: slow.shown and slow.shown[-1].state.t_ns == 999, "the newest state at the slow output")
    assert len(slow.shown) < 1000  # those between were overtaken, not queued


def test_when_the_main_loop_stalls_the_heartbeat_says_so(start: Callable[..., Hub]) -> None:
    output = MemoryOutput()
    hub = start(output, timing=replace(QUICK, stale_s=0.2))
    hub.publish(WELL)
    until(lambda: output.shown[-1:] and output.shown[-1].fault == "loop stalled", "the fault")
    assert output.shown[-1].wakefulness is Wakefulness.FAULTY
    hub.publish(WELL)
    until(lambda: output.shown[-1].fault is None, "the end of the fault")


def test_what_comes_in_is_handed_on_once(start: Callable[..., Hub]) -> None:
    output = MemoryOutput()
    hub = start(output)
    output.incoming = [Acknowledged(), VehicleSpeed(kmh=50.0)]
    got: list[Received] = []
    until(lambda: got.extend(hub.received()) or len(got) == 2, "both")
    assert got == [Acknowledged(), VehicleSpeed(kmh=50.0)]
    assert hub.received() == []


def test_the_inbox_keeps_presses_and_the_newest_speed_and_cannot_grow() -> None:
    inbox = Inbox()
    for number in range(10_000):
        inbox.put([VehicleSpeed(kmh=float(number))])
    inbox.put([Acknowledged()])
    inbox.put([VehicleSpeed(kmh=1.0), VehicleSpeed(kmh=2.0)])
    assert inbox.drain() == [VehicleSpeed(kmh=9999.0), Acknowledged(), VehicleSpeed(kmh=2.0)]
    inbox.put([Acknowledged()] * 10_000)
    assert len(inbox.drain()) == MOST_ACKS
    assert inbox.drain() == []


def test_close_switches_off_and_names_what_hangs(start: Callable[..., Hub], reports: Reports) -> None:
    good, hanging = MemoryOutput("good"), HangingOutput("hanging")
    hub = start(good, hanging)
    hub.publish(WARNING)
    until(shows(good, WARNING), "the state")
    assert hub.close(0.5) == ["hanging"]
    assert not good.is_open
    assert reports.about("hanging")[-1] == (
        "output hanging: not off within 0.5 s, abandoned; it may still show the last state"
    )
    assert reports.about("good") == []
    hanging.release.set()


def test_close_does_not_wait_for_a_back_off(start: Callable[..., Hub]) -> None:
    output = RaisingOutput()
    hub = start(output, timing=replace(QUICK, backoff_first_s=3600, backoff_most_s=3600))
    until(lambda: output.closed, "the first failure")
    assert hub.close(30.0) == []


def test_threads_keep_no_process_alive_and_end_with_the_hub(start: Callable[..., Hub]) -> None:
    def running() -> dict[str, bool]:
        ours = {"output-a", "output-b", "outputs-watch"}
        return {thread.name: thread.daemon for thread in threading.enumerate() if thread.name in ours}

    hub = start(MemoryOutput("a"), MemoryOutput("b"))
    assert running() == {"output-a": True, "output-b": True, "outputs-watch": True}
    hub.close(30.0)
    until(lambda: running() == {}, "the end of the threads", 5.0)


def test_it_has_times_of_its_own() -> None:
    output = MemoryOutput()
    hub = Hub([output])
    until(lambda: output.shown, "a first status")
    assert hub.close(30.0) == []
