"""What may stall has a thread of its own and a bounded queue before it."""

from __future__ import annotations

import threading

from fermon.handover import Handover


def test_items_are_worked_on_in_their_order() -> None:
    done: list[int] = []
    handover = Handover("test", done.append, 1000)
    assert all(handover.put(number) for number in range(500))
    assert handover.finish(30.0)
    assert done == list(range(500))


def test_what_stalls_holds_up_nobody_and_what_does_not_fit_is_dropped() -> None:
    release, begun, done = threading.Event(), threading.Event(), []

    def stall(number: int) -> None:
        begun.set()
        release.wait(30)
        done.append(number)

    handover = Handover("test", stall, 3)
    handover.put(0)
    assert begun.wait(30)
    assert [handover.put(number) for number in range(1, 6)] == [True, True, True, False, False]
    assert not handover.idle
    assert not handover.finish(0.01)
    release.set()
    assert handover.finish(30.0)
    assert done == [0, 1, 2, 3] and handover.idle


def test_patience_waits_for_room() -> None:
    release, done = threading.Event(), []

    def stall(number: int) -> None:
        release.wait(30)
        done.append(number)

    handover = Handover("test", stall, 1, patience_s=30.0)
    threading.Timer(0.05, release.set).start()
    assert all(handover.put(number) for number in range(10))
    assert handover.finish(30.0)
    assert done == list(range(10))


def test_a_bug_is_told_once_and_the_rest_goes_on(reports: list[str]) -> None:
    done: list[int] = []

    def work(number: int) -> None:
        if number % 2:
            raise ZeroDivisionError
        done.append(number)

    handover = Handover("test", work, 10)
    for number in range(6):
        handover.put(number)
    assert handover.finish(30.0)
    assert done == [0, 2, 4]
    assert reports == ["test: unexpected"]
