"""What comes in over several wires between two turns of the main loop."""

from __future__ import annotations

import random

from fermon.domain import Acknowledged, VehicleSpeed
from fermon.outputs.inbox import MOST_ACKS, Inbox
from fermon.outputs.serial.sentences import Reader, sentence


def test_each_source_s_newest_speed_is_kept() -> None:
    inbox = Inbox()
    for number in range(1000):
        inbox.put([VehicleSpeed(float(number), "can")])
        inbox.put([VehicleSpeed(float(-number), "serial"), VehicleSpeed(float(number), "")])
    assert inbox.drain() == [VehicleSpeed(999.0, "can"), VehicleSpeed(-999.0, "serial"), VehicleSpeed(999.0, "")]
    assert inbox.drain() == []


def test_speeds_before_and_after_a_press_stay_apart() -> None:
    inbox = Inbox()
    inbox.put([VehicleSpeed(5.0, "can"), Acknowledged(), VehicleSpeed(9.0, "can"), VehicleSpeed(50.0, "can")])
    assert inbox.drain() == [VehicleSpeed(5.0, "can"), Acknowledged(), VehicleSpeed(50.0, "can")]


def test_it_cannot_grow_whatever_comes_in_what_order() -> None:
    chance = random.Random(4)
    inbox = Inbox()
    sources = ("can", "serial", "gpio")
    for _ in range(10_000):
        kmh = chance.uniform(0, 200)
        inbox.put([Acknowledged() if chance.random() < 0.3 else VehicleSpeed(kmh, chance.choice(sources))])
    items = inbox.drain()
    assert sum(isinstance(item, Acknowledged) for item in items) == MOST_ACKS
    assert len(items) <= MOST_ACKS + (MOST_ACKS + 1) * len(sources)
    assert isinstance(items[-1], VehicleSpeed)


def test_a_repeated_sentence_is_each_an_acknowledgement_but_only_so_many_a_turn() -> None:
    inbox, reader = Inbox(), Reader()
    inbox.put(reader.feed(sentence("FERMA") * 3))
    assert inbox.drain() == [Acknowledged()] * 3
    for _ in range(100):
        inbox.put(reader.feed(sentence("FERMA") * 1000))
    assert inbox.drain() == [Acknowledged()] * MOST_ACKS
