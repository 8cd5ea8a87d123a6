"""How a run ends: outputs off and everything closed, whatever ended it. A recording that fails ends nothing."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from fermon import __version__
from fermon.config import Config
from fermon.domain import Acknowledged, Frame
from fermon.errors import CameraLost
from fermon.policy import PolicySettings
from fermon.session.format import encode
from fermon.session.recorder import Recorder
from tests.daemon_kit import Rig, observation

Steps = Iterator[Frame | Exception | None]


class TornWire(Exception):
    """Something that nobody foresaw."""


def assert_closed(rig: Rig, *cameras: str, recorded: bool = False) -> None:
    """Outputs off before anything that may take time, the view last; each once."""
    words = [event[0] if event[0] != "systemd" else event[1] for event in rig.happened]
    ending = words[words.index("STOPPING=1") :]
    recorder = ["recorder closed"] * recorded
    assert ending == ["STOPPING=1", "output closed", *["camera closed"] * len(cameras), *recorder, "end"]
    assert rig.told("camera closed") == list(cameras)
    assert not rig.wire.is_open


class NotedRecorder(Recorder):
    """The real one; notes when it is closed."""

    def __init__(self, rig: Rig, path: Path) -> None:
        super().__init__(path, 2**30, 1)
        self._happened = rig.happened

    def close(self) -> None:
        super().close()
        self._happened.append(("recorder closed",))


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_the_end_of_the_frames_ends_the_run(rig: Rig) -> None:
    rig.run(lambda rig: rig.frames(1.0))
    assert len(rig.inputs()) == 15
    assert_closed(rig, "camera 0")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_the_run_after_its_turn(rig: Rig, number: signal.Signals) -> None:
    def script(rig: Rig) -> Steps:
        yield from rig.frames(1.0)
        signal.raise_signal(number)
        yield rig.frame()
        raise AssertionError("one turn too many")

    rig.run(script)
    assert len(rig.inputs()) == 16
    assert_closed(rig, "camera 0")


def test_stop_ends_a_run_that_waits_for_its_camera(rig: Rig) -> None:
    def found(rig: Rig) -> Steps:
        rig.daemon.stop()
        yield None

    rig.run(lambda _: iter(()), found, camera=None)
    assert_closed(rig, "camera 1")


def test_waiting_for_the_camera_is_waiting_for_a_stop(rig: Rig) -> None:
    """Unless a simulated drive brings its own."""

    def no_camera() -> Any:
        rig.daemon.stop()
        raise CameraLost("never")

    rig.run(lambda _: iter(()), camera=None, open_camera=no_camera, wait=None)
    assert_closed(rig)


@pytest.mark.parametrize("part", ["camera", "perception", "policy's alert", "view"])
def test_a_bug_anywhere_still_closes_everything(rig: Rig, part: str, tmp_path: Path) -> None:
    """And comes out: traceback, exit 1, systemd starts anew."""

    def torn(*_: object) -> Any:
        raise TornWire(part)

    def script(rig: Rig) -> Steps:
        yield from rig.frames(1.0)
        if part == "perception":
            rig.eyes.seen = torn
        elif part == "view":
            rig.view.input = torn  # type: ignore[method-assign]
        elif part == "policy's alert":
            rig.view.alert = torn  # type: ignore[method-assign]
            rig.eyes.seen = lambda frame: observation(frame, closed=0.98)
        else:
            yield TornWire(part)
        yield from rig.frames(3.0)

    recorder = NotedRecorder(rig, tmp_path / "s.jsonl")
    with pytest.raises(TornWire, match=part):
        rig.run(script, recorder=recorder)
    assert_closed(rig, "camera 0", recorded=True)
    assert len([line for line in lines(tmp_path / "s.jsonl") if line["type"] == "observation"]) >= 15


def test_a_bug_at_the_start_still_closes_everything(rig: Rig) -> None:
    def torn(*_: object) -> Any:
        raise TornWire("start")

    rig.view.start = torn  # type: ignore[method-assign]
    with pytest.raises(TornWire):
        rig.run(lambda rig: rig.frames(1.0))
    assert_closed(rig, "camera 0")
    assert rig.cameras[0].timeouts == []


# The recording ------------------------------------------------------------------------------------------------------


def test_what_the_policy_got_and_said_is_recorded_in_order(rig: Rig, tmp_path: Path) -> None:
    rig.eyes.seen = lambda frame: observation(frame, closed=0.98)

    def script(rig: Rig) -> Steps:
        yield from rig.frames(3.2)
        rig.wire.send(Acknowledged())
        yield from rig.frames(0.1)
        yield from rig.nothing(0.5)

    rig.run(script, recorder=NotedRecorder(rig, tmp_path / "s.jsonl"))
    _, *recorded = lines(tmp_path / "s.jsonl")
    told = [event[1] for event in rig.happened if event[0] in ("input", "alert")]
    assert sorted(map(_text, recorded)) == sorted(_text(json.loads(encode(item))) for item in told)
    kinds = [line["type"] for line in recorded]
    first = kinds.index("alert")
    assert recorded[first]["t_ns"] == recorded[first - 1]["t_ns"], "after the input that caused it"
    assert kinds[-5:].count("tick") == 2 and "ack" in kinds


def _text(line: dict[str, Any]) -> str:
    return json.dumps(line, sort_keys=True)


def test_the_recording_begins_with_what_runs(rig: Rig, tmp_path: Path) -> None:
    config = Config(policy=PolicySettings(microsleep_closed_s=1.25))
    before = datetime.now(UTC).replace(microsecond=0)
    rig.run(lambda rig: rig.frames(0.2), recorder=NotedRecorder(rig, tmp_path / "s.jsonl"), config=config)
    header = lines(tmp_path / "s.jsonl")[0]
    assert header["type"] == "session"
    assert header["fermon"] == __version__
    assert header["models"] == {"eyes": "5a5a"}
    assert header["config"] == json.loads(json.dumps(config.as_dict()))
    started = datetime.strptime(header["started"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    assert before <= started <= datetime.now(UTC)


def test_a_full_disk_ends_the_recording_only(rig: Rig, reports: list[str]) -> None:
    rig.eyes.seen = lambda frame: observation(frame, closed=0.98)
    recorder = NotedRecorder(rig, Path("/dev/full"))
    rig.run(lambda rig: rig.frames(4.0), recorder=recorder)
    assert rig.alerts() == ["MICROSLEEP on", "ASLEEP on"]
    assert len(rig.inputs()) == 60
    assert len([line for line in reports if "/dev/full: recording stopped" in line]) == 1
    assert_closed(rig, "camera 0", recorded=True)


def test_the_same_inputs_without_a_recorder_say_the_same(rig: Rig) -> None:
    rig.eyes.seen = lambda frame: observation(frame, closed=0.98)
    rig.run(lambda rig: rig.frames(4.0))
    assert rig.alerts() == ["MICROSLEEP on", "ASLEEP on"]
