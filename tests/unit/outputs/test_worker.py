"""One output's thread on an invented clock: when it shows and polls, and how it ends."""

from __future__ import annotations

import threading

from fermon.domain import Acknowledged, VehicleSpeed
from fermon.outputs.worker import Timing, Worker
from tests.outputs_kit import CRITICAL, WARNING, WELL
from tests.worker_kit import Bench


def test_it_opens_shows_polls_and_closes() -> None:
    bench = Bench(heartbeat_s=1.0, poll_s=0.4)
    assert bench.run(1.5) == [
        (0.0, "open"), (0.0, "show"), (0.0, "poll"), (0.4, "poll"), (0.8, "poll"),
        (1.0, "show"), (1.0, "poll"), (1.4, "poll"), (1.5, "close"),
    ]  # fmt: skip
    assert bench.waits == [0.4, 0.4, 0.2, 0.4, 0.4]


def test_a_change_is_shown_at_once_and_the_next_heartbeat_counts_from_it() -> None:
    bench = Bench()
    bench.run(3.5, (0.3, lambda: bench.publish(WARNING)), (0.7, lambda: bench.publish(CRITICAL)))
    assert bench.times("show") == [0.0, 0.3, 0.7, 1.7, 2.7]
    assert [status.state for status in bench.lamp.shown][1:4] == [WARNING.state, CRITICAL.state, CRITICAL.state]
    assert [status.uptime_ms for status in bench.lamp.shown][2:] == [41_000, 42_000, 43_000], "older as time passes"


def test_what_does_not_differ_waits_for_the_heartbeat() -> None:
    bench = Bench()
    plan = [(at / 10, lambda: bench.publish(WELL, "the same")) for at in range(1, 10)]
    bench.run(1.5, *plan)
    assert bench.times("show") == bench.times("poll") == [0.0, 0.1, 1.1]


def test_a_state_published_while_another_is_shown_is_shown_next() -> None:
    """Not lost until the next heartbeat, though nobody waits at that moment."""
    bench = Bench()
    bench.lamp.then["show"] = lambda: bench.take(0.5)
    bench.run(1.2, (0.2, lambda: bench.publish(WARNING)))
    assert bench.times("show") == [0.0, 0.5]
    assert bench.lamp.shown[-1].state == WARNING.state
    bench = Bench()
    bench.lamp.then["poll"] = lambda: bench.take(0.5)
    bench.run(0.9, (0.2, lambda: bench.publish(WARNING)))
    assert bench.times("show") == [0.0, 0.5]


def test_a_slow_output_keeps_its_heartbeat_as_long_as_it_can() -> None:
    bench = Bench(heartbeat_s=1.0)
    bench.lamp.then["show"] = lambda: bench.take(0.3)
    bench.run(3.2)
    assert bench.times("show") == [0.0, 1.0, 2.0, 3.0]
    bench = Bench(heartbeat_s=1.0)
    bench.lamp.then["show"] = lambda: bench.take(1.3)  # it cannot: a full heartbeat after each
    bench.run(5.0)
    assert bench.times("show") == [0.0, 2.3, 4.6]
    bench = Bench(heartbeat_s=1.0)
    bench.lamp.then["poll"] = lambda: bench.take(1.3)
    bench.run(4.0)
    assert bench.times("show") == [0.0, 1.3, 2.6, 3.9]


def test_what_comes_in_reaches_the_inbox() -> None:
    bench = Bench(poll_s=0.5)
    bench.lamp.incoming = [VehicleSpeed(50.0)]

    def press() -> None:
        bench.lamp.incoming = [Acknowledged()]

    bench.run(1.0, (0.2, press))
    assert bench.inbox.drain() == [VehicleSpeed(50.0), Acknowledged()]


def test_one_that_is_ended_before_it_began_is_switched_off_all_the_same() -> None:
    bench = Bench()
    bench.worker.end()
    assert bench.run(0.0) == [(0.0, "close")]


def test_an_end_during_a_call_is_not_waited_over() -> None:
    bench = Bench()
    bench.lamp.then["poll"] = bench.worker.end
    assert bench.run(3600.0) == [(0.0, "open"), (0.0, "show"), (0.0, "poll"), (0.0, "close")]
    assert bench.waits == []


# The thread ---------------------------------------------------------------------------------------------------------


def test_its_thread_has_the_output_s_name_and_keeps_no_process_alive() -> None:
    bench = Bench()
    running: list[threading.Thread] = []

    def look() -> None:
        running.append(threading.current_thread())
        bench.worker.end()

    bench.lamp.then["show"] = look
    bench.worker = Worker(bench.lamp, bench.latest, bench.inbox, Timing())
    bench.worker.report_hang(3600.0)  # somebody looks before it runs
    bench.worker.start()
    assert bench.worker.join(30.0)
    [thread] = running
    assert (thread.name, thread.daemon) == ("output-lamp", True)


def test_join_says_whether_it_has_ended() -> None:
    bench, release = Bench(), threading.Event()
    bench.lamp.then["show"] = release.wait
    bench.worker.start()
    assert not bench.worker.join(0.0)
    bench.worker.end()
    release.set()
    assert bench.worker.join(30.0)
