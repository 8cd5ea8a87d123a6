"""An output that fails or hangs, on an invented clock: when it is tried again, and what is said of it."""

from __future__ import annotations

import logging

import pytest

from fermon.errors import OutputError
from tests.outputs_kit import CRITICAL, WARNING, WELL
from tests.worker_kit import Bench, raising

# Failing ------------------------------------------------------------------------------------------------------------


def test_it_is_tried_again_after_longer_and_longer_pauses(reports: list[str]) -> None:
    bench = Bench()
    bench.lamp.then["open"] = raising(OutputError("lamp: no such chip"))
    bench.run(100.0)
    assert bench.times("open") == [0.0, 0.5, 1.5, 3.5, 7.5, 15.5, 31.5, 61.5, 91.5]
    assert bench.times("close") == [*bench.times("open"), 100.0], "closed before each pause, and at the end"
    assert bench.times("show") == []
    assert reports == ["output lamp: lamp: no such chip; trying again"], "said once an outage"
    assert bench.worker.wrong == "lamp: no such chip; trying again"


def test_after_steady_work_the_pauses_begin_anew() -> None:
    bench = Bench()
    bench.lamp.then["open"] = raising(OutputError("gone"))

    def comes_back() -> None:
        bench.lamp.then.clear()

    def fails() -> None:
        bench.lamp.then = {"show": raising(OutputError("gone")), "open": raising(OutputError("gone"))}

    # Opens at 0.5, 1.5, 3.5, 7.5. Shows from 7.5 to 11.5, not long enough; next pauses 8 and 16 s.
    bench.run(60.0, (4.0, comes_back), (11.0, fails), (20.0, comes_back), (42.2, fails))
    opened = bench.times("open")
    assert opened[:6] == [0.0, 0.5, 1.5, 3.5, 7.5, 19.5]
    assert opened[6] == 35.5, "16 s after a work of 4 s"
    assert opened[7] == 43.0, "half a second after a work of more than 5 s"


def test_steady_means_longer_than_five_seconds() -> None:
    """It works until 5.0 or 6.0 s after it was opened, and fails with the heartbeat after that."""
    for lasted_s, pause_s in ((6.0, 1.0), (7.0, 0.5)):
        bench = Bench()
        bench.lamp.then["open"] = raising(OutputError("gone"))
        bench.run(
            60.0,
            (0.3, bench.lamp.then.clear),
            (0.4 + lasted_s, lambda bench=bench: bench.lamp.then.update(show=raising(OutputError("gone")))),
        )
        first, second, third, *_ = bench.times("open")
        assert (first, second) == (0.0, 0.5)
        assert third - second - lasted_s == pytest.approx(pause_s)


def test_a_failure_of_each_call_is_one_outage_until_the_next_state_is_shown(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="fermon.outputs")
    for call in ("open", "show", "poll"):
        caplog.clear()
        bench = Bench()
        bench.lamp.then[call] = raising(OutputError("gone"))
        bench.run(3.0, (1.2, bench.lamp.then.clear))
        # At 0.0, 0.5 and 1.5; with the poll it is the second state that is shown.
        assert [(record.levelname, record.getMessage()) for record in caplog.records][:2] == [
            ("WARNING", "output lamp: gone; trying again"),
            ("INFO", f"output lamp: works again after {1.5 if call != 'poll' else 0.5:.1f} s"),
        ]
        assert all(record.exc_info is None for record in caplog.records), "no traceback for what is no bug"
        assert bench.worker.wrong is None


def test_what_was_shown_before_a_failure_is_shown_again_after_it() -> None:
    bench = Bench(heartbeat_s=100.0)
    bench.publish(WARNING)
    bench.lamp.then["poll"] = raising(OutputError("gone"))
    bench.run(0.7, (0.2, bench.lamp.then.clear))
    assert bench.happened == [
        (0.0, "open"), (0.0, "show"), (0.0, "poll"), (0.0, "close"),
        (0.5, "open"), (0.5, "show"), (0.5, "poll"), (0.7, "close"),
    ]  # fmt: skip


def test_a_bug_is_told_with_its_traceback_once_an_outage(caplog: pytest.LogCaptureFixture) -> None:
    bench = Bench()
    bench.lamp.then["show"] = raising(ZeroDivisionError("a bug"))
    bench.run(10.0)
    [record] = caplog.records
    assert (record.levelname, record.getMessage()) == ("ERROR", "output lamp: a bug; trying again")
    assert record.exc_info and isinstance(record.exc_info[1], ZeroDivisionError)


def test_an_error_without_words_is_told_by_its_name(reports: list[str]) -> None:
    bench = Bench()
    bench.lamp.then["show"] = raising(ZeroDivisionError())
    bench.run(0.2)
    assert reports == ["output lamp: ZeroDivisionError; trying again"]


def test_a_close_that_fails_is_logged_and_keeps_nobody_from_trying_again(caplog: pytest.LogCaptureFixture) -> None:
    bench = Bench()
    bench.lamp.then = {"open": raising(OutputError("gone")), "close": raising(OSError("stuck"))}
    bench.run(1.0)
    assert bench.times("open") == [0.0, 0.5]
    records = [record for record in caplog.records if "close" in record.getMessage()]
    assert [record.getMessage() for record in records] == ["output lamp: close failed"] * 3
    assert all(record.exc_info and isinstance(record.exc_info[1], OSError) for record in records)


def test_a_change_does_not_shorten_a_pause_and_an_end_does() -> None:
    bench = Bench()
    bench.lamp.then["open"] = raising(OutputError("gone"))
    changes = [(at / 10, lambda at=at: bench.publish(WARNING, at)) for at in range(1, 5)]
    bench.run(1.2, *changes)
    assert bench.times("open") == [0.0, 0.5]
    assert bench.times("close")[-1] == 1.2
    assert bench.waits == [0.5, 0.4, 0.3, 0.2, 0.1, 1.0]


def test_while_an_alarm_waits_to_be_shown_no_pause_is_longer_than_2_s() -> None:
    bench = Bench()
    bench.publish(CRITICAL)
    bench.lamp.then["open"] = raising(OutputError("gone"))
    bench.run(10.0)
    assert bench.times("open") == [0.0, 0.5, 1.5, 3.5, 5.5, 7.5, 9.5]


def test_an_alarm_that_is_raised_in_a_long_pause_ends_it() -> None:
    """At 40 s, in the pause from 31.5 to 61.5 s: tried at once, and every 2 s until the alarm is over."""
    bench = Bench()
    bench.lamp.then["open"] = raising(OutputError("gone"))
    bench.run(100.0, (40.0, lambda: bench.publish(WARNING, 40.0)), (45.0, lambda: bench.publish(WELL, 45.0)))
    assert bench.times("open")[6:] == [31.5, 40.0, 42.0, 44.0, 74.0]


# Hanging ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("call", "limit_s"), [("open", 10), ("show", 2), ("poll", 2), ("close", 2)])
def test_a_call_that_does_not_come_back_is_told_once(call: str, limit_s: float, reports: list[str]) -> None:
    bench = Bench(heartbeat_s=4.0)
    broken: list[str | None] = []

    def hangs() -> None:
        bench.take(0.25)
        bench.report_hang(limit_s - 0.25)
        assert reports == [] and bench.worker.wrong is None, "not yet"
        bench.report_hang(limit_s - 0.2)
        bench.report_hang(limit_s + 1)
        broken.append(bench.worker.wrong)
        bench.lamp.then.clear()

    bench.lamp.then[call] = hangs
    bench.run(3.0)
    words = f"{call} has not come back for {limit_s} s; the other outputs go on"
    assert broken == [words]
    assert reports[0] == f"output lamp: {words}"
    shown_after_s = {"open": 0.2, "show": 0.2}.get(call)
    assert reports[1:] == ([f"output lamp: works again after {shown_after_s} s"] if shown_after_s else [])


def test_what_comes_back_hangs_no_more(reports: list[str]) -> None:
    bench = Bench(poll_s=0.5)
    bench.run(3.0, (0.7, lambda: bench.report_hang(3600)), (1.7, lambda: bench.report_hang(3600)))
    assert reports == [], "between two calls nothing hangs, however long ago the last one began"


def test_a_failure_that_follows_a_hang_belongs_to_it(reports: list[str]) -> None:
    bench = Bench()

    def hangs() -> None:
        bench.report_hang(3)
        bench.take(7)
        raise OutputError("gone")

    bench.lamp.then["show"] = hangs
    bench.run(10.0, (7.1, bench.lamp.then.clear))
    assert reports == [
        "output lamp: show has not come back for 2 s; the other outputs go on",
        "output lamp: works again after 7.5 s",
    ]
