"""Sessions: what is written reads back the same; what is broken is told and skipped."""

from __future__ import annotations

import dataclasses
import json
import math
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fermon.domain import (
    Ack,
    Alert,
    Box,
    CameraChange,
    Eyes,
    Face,
    Head,
    Kind,
    Level,
    Observation,
    Points,
    Quality,
    Speed,
    Tick,
)
from fermon.errors import SessionError
from fermon.policy import Policy
from fermon.session.format import encode, encode_header
from fermon.session.reading import SessionReader
from scenarios.language import Part, Way, inputs

HEADER = '{"type":"session","version":1}'
FULL = Observation(
    5,
    1,
    Face(Box(1.5, 2.0, 30.0, 40.0), 0.98, Points((1.0, 2.0), (3.0, 4.0), (5.0, 6.0), (7.0, 8.0))),
    (0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.4),
    Eyes(0.03, None, "glare", (0.97, None)),
    0.1,
    Quality(0.42, 0.7, 0.3, 0.01),
    Head(-3.1, 2.0, 0.4),
)
BARE = Observation(6, 2, None, None, None, None, Quality(0.41, 0.6))


def written(tmp_path: Path, *lines: str | bytes, end: bytes = b"\n") -> Path:
    path = tmp_path / "S.jsonl"
    path.write_bytes(b"\n".join(x if isinstance(x, bytes) else x.encode() for x in lines) + end)
    return path


def read(path: Path) -> tuple[list[Any], SessionReader]:
    with SessionReader(path) as reader:
        return list(reader), reader


# Round trips ----------------------------------------------------------------------------------------------------------


def test_everything_reads_back_as_it_was_written(tmp_path: Path) -> None:
    items = [FULL, BARE, Tick(7), Speed(8, 63.5), Ack(9), CameraChange(10, "lost")]
    found, reader = read(written(tmp_path, HEADER, *map(encode, items)))
    assert found == items
    assert reader.not_used == {} and reader.problems == []


finite = st.floats(0, 1)
boxes = st.builds(Box, finite, finite, finite, finite)


@given(
    st.builds(
        Observation,
        st.integers(-(2**63), 2**63),
        st.integers(0),
        st.one_of(st.none(), st.builds(Face, boxes, finite, profile=st.booleans())),
        st.one_of(st.none(), st.tuples(*[finite] * 7)),
        st.one_of(st.none(), st.builds(Eyes, st.one_of(st.none(), finite), st.one_of(st.none(), finite), st.text())),
        st.one_of(st.none(), finite),
        st.builds(Quality, finite, finite, st.one_of(st.none(), finite)),
        st.one_of(st.none(), st.builds(Head, *[st.floats(-180, 180)] * 3)),
    )
)
def test_any_observation_reads_back(tmp_path_factory: pytest.TempPathFactory, item: Observation) -> None:
    found, _ = read(written(tmp_path_factory.mktemp("s"), HEADER, encode(item)))
    assert found == [item]


def test_a_head_is_written_as_agreed_and_null_when_unknown() -> None:
    assert json.loads(encode(FULL))["head"] == {"yaw": -3.1, "pitch": 2.0, "roll": 0.4}
    assert json.loads(encode(BARE))["head"] is None
    assert "profile" not in json.loads(encode(FULL))["face"]


@pytest.mark.parametrize(
    ("head", "cause"),
    [({"yaw": "x", "pitch": 1, "roll": 2}, {"head": 1}), ([1, 2, 3], {"head": 1}), ({"pitch": 1, "roll": 2}, {})],
)
def test_a_head_that_cannot_be_used_is_no_pose(tmp_path: Path, head: object, cause: dict[str, int]) -> None:
    line = json.dumps(json.loads(encode(FULL)) | {"head": head})
    [item], reader = read(written(tmp_path, HEADER, line))
    policy = Policy()
    policy.feed(item)
    assert policy.state.head_yaw_deg is None
    assert reader.not_used == cause


@pytest.mark.parametrize("opening", [(0.4, 1.0), (None, 0.02), (None, None)])
def test_lid_openings_are_written_where_they_are_known(
    tmp_path: Path, opening: tuple[float | None, float | None]
) -> None:
    said = dataclasses.replace(BARE, eyes=Eyes(0.2, 0.3, None, opening))
    assert json.loads(encode(said))["eyes"].get("opening") == (None if opening == (None, None) else list(opening))
    [item], reader = read(written(tmp_path, HEADER, encode(said)))
    assert item == said and reader.not_used == {}


def test_a_recording_from_before_there_were_heads_reads_without(tmp_path: Path) -> None:
    fields = json.loads(encode(FULL))
    del fields["head"]
    [item], reader = read(written(tmp_path, HEADER, json.dumps(fields)))
    assert item == dataclasses.replace(FULL, head=None) and reader.not_used == {}


def test_lines_are_strict_json_even_with_nan(tmp_path: Path) -> None:
    nan = math.nan
    item = Observation(5, 1, Face(Box(nan, 0.0, 1.0, 1.0), nan), (nan,) * 7, Eyes(nan, 0.1), nan, Quality(nan, nan))

    def refuse(word: str) -> float:
        raise AssertionError(word)

    line = encode(item)
    json.loads(line, parse_constant=refuse)
    (found,), _ = read(written(tmp_path, HEADER, line))
    assert found.eyes == Eyes(None, 0.1) and found.mouth is None


def test_alert_line_is_as_the_format_says() -> None:
    alert = Alert(90, Kind.MICROSLEEP, Level.WARNING, True, 0, {"closed_s": 1.53, "fps": 14.9})
    assert json.loads(encode(alert)) == {
        "type": "alert",
        "t_ns": 90,
        "kind": "MICROSLEEP",
        "level": "WARNING",
        "active": True,
        "since_ns": 0,
        "evidence": {"closed_s": 1.53, "fps": 14.9},
    }


def test_the_examples_of_the_format_read(tmp_path: Path) -> None:
    found, reader = read(
        written(
            tmp_path,
            encode_header({"fermon": "0.1.0", "started": "2026-11-23T08:00:00Z", "config": {}, "models": {}}),
            '{"type":"observation","t_ns":0,"seq":0,"face":{"box":[1,2,3,4],"score":0.98},"expression":[0,0,0,0,0,0,1],'
            '"eyes":{"left":0.03,"right":0.05,"cause":null},"mouth":0.1,"quality":{"brightness":0.42,"sharpness":0.7}}',
            '{"type":"observation","t_ns":66666667,"seq":1,"face":null,"expression":null,"eyes":null,"mouth":null,'
            '"quality":{"brightness":0.41,"sharpness":0.6}}',
            '{"type":"speed","t_ns":70000000,"kmh":63.5}',
            '{"type":"ack","t_ns":80000000}',
            '{"type":"alert","t_ns":90000000,"kind":"MICROSLEEP","level":"WARNING","active":true,"since_ns":0}',
        )
    )
    assert [type(item) for item in found] == [Observation, Observation, Speed, Ack]
    assert reader.header["fermon"] == "0.1.0" and reader.not_used == {}


# Leniency -------------------------------------------------------------------------------------------------------------


def test_unknown_fields_are_ignored_and_unknown_types_counted(tmp_path: Path) -> None:
    found, reader = read(
        written(tmp_path, HEADER, '{"type":"tick","t_ns":1,"mood":"fine"}', '{"type":"weather","t_ns":2}', "{}")
    )
    assert found == [Tick(1)]
    assert reader.not_used == {"unknown type": 2}


def test_a_truncated_last_line_is_told_and_skipped(tmp_path: Path) -> None:
    found, reader = read(written(tmp_path, HEADER, encode(Tick(1)), encode(FULL)[:50], end=b""))
    assert found == [Tick(1)]
    assert reader.not_used == {"truncated line": 1}
    assert "line 3, the last one, is cut off" in reader.problems[0]


def test_a_last_line_that_only_lacks_its_end_counts(tmp_path: Path) -> None:
    found, reader = read(written(tmp_path, HEADER, encode(Tick(1)), end=b""))
    assert found == [Tick(1)] and reader.problems == []


@pytest.mark.parametrize("broken", ["{", "[1]", "3", "null", b"\xff\xfe{", "[" * 100_000, '{"a":' + "9" * 5000 + "}"])
def test_a_broken_line_is_told_with_its_number_and_the_rest_goes_on(tmp_path: Path, broken: str | bytes) -> None:
    found, reader = read(written(tmp_path, HEADER, broken, "", encode(Tick(1))))
    assert found == [Tick(1)]
    assert reader.not_used == {"broken line": 1}
    assert "line 2 " in reader.problems[0]


def test_messages_are_bounded_but_all_is_counted(tmp_path: Path) -> None:
    _, reader = read(written(tmp_path, HEADER, *["{"] * 100))
    assert reader.not_used == {"broken line": 100} and len(reader.problems) == 20


@pytest.mark.parametrize(
    ("fields", "cause"),
    [
        ('"face":7', "face"),
        ('"face":{"score":0.5}', "face.box"),
        ('"face":{"box":[1,2,3],"score":0.5}', "face.box"),
        ('"face":{"box":[1,2,3,"x"],"score":0.5}', "face.box"),
        ('"face":{"box":[1,2,3,4],"score":"good"}', "face.score"),
        ('"face":{"box":[1,2,3,4],"score":1,"points":[[1,2]]}', "face.points"),
        ('"eyes":"open"', "eyes"),
        ('"eyes":{"left":0.1,"opening":0.9}', "eyes.opening"),
        ('"eyes":{"left":0.1,"opening":[1,1,1]}', "eyes.opening"),
        ('"eyes":{"left":0.1,"opening":[1,"wide"]}', "eyes.opening"),
        ('"quality":[]', "quality"),
        ('"quality":{"brightness":"bright","sharpness":0.5}', "quality"),
    ],
)
def test_what_cannot_be_used_of_an_observation_is_counted(tmp_path: Path, fields: str, cause: str) -> None:
    (found,), reader = read(written(tmp_path, HEADER, f'{{"type":"observation","t_ns":1,{fields}}}'))
    assert isinstance(found, Observation)
    assert reader.not_used == {cause: 1}


def test_an_observation_may_be_nearly_empty(tmp_path: Path) -> None:
    (found,), reader = read(written(tmp_path, HEADER, '{"type":"observation","t_ns":1}'))
    assert (found.face, found.eyes, found.expression, found.mouth) == (None, None, None, None)
    assert reader.not_used == {}


@pytest.mark.parametrize("t_ns", ["null", "NaN", '"1"', "1.5", "true"])
def test_lines_without_a_usable_time_are_counted(tmp_path: Path, t_ns: str) -> None:
    found, reader = read(written(tmp_path, HEADER, f'{{"type":"ack","t_ns":{t_ns}}}', '{"type":"ack","t_ns":2.0}'))
    assert found == [Ack(2)]
    assert reader.not_used == {"t_ns": 1}


# Headers --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "says"),
    [
        (b"", "line 1 is empty"),
        (b'{"type":"tick","t_ns":1}', "no session header"),
        (b"\x89PNG\r\n", "no session header"),
        (b'{"type":"session","version":2}', "session version: found 2, expected 1"),
        (b'{"type":"session"}', "session version: found None, expected 1"),
        (b'{"type":"session","version":true}', "session version: found True, expected 1"),
    ],
)
def test_a_file_without_a_header_of_this_version_is_refused(tmp_path: Path, first: bytes, says: str) -> None:
    with pytest.raises(SessionError, match=says):
        SessionReader(written(tmp_path, first))


@pytest.mark.parametrize("kind", ["pipe", "device"])
def test_what_would_never_end_is_refused_unopened(tmp_path: Path, kind: str) -> None:
    path = Path("/dev/zero")
    if kind == "pipe":
        path = tmp_path / "pipe"
        os.mkfifo(path)
    with pytest.raises(SessionError, match=f"found a {kind}, expected a session, which is a regular file"):
        SessionReader(path)


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SessionError, match="no such file"):
        SessionReader(tmp_path / "none.jsonl")
    with pytest.raises(SessionError, match="found a folder, expected a session"):
        SessionReader(tmp_path)


def test_a_byte_order_mark_is_no_problem(tmp_path: Path) -> None:
    assert read(written(tmp_path, b"\xef\xbb\xbf" + HEADER.encode(), encode(Tick(1))))[0] == [Tick(1)]


def test_any_scenario_reads_back(tmp_path: Path) -> None:
    items = inputs([Part(3, kmh=3.0), Part(2, camera="lost"), Part(1, ack=True)], Way(30, jitter=0.2))
    assert read(written(tmp_path, HEADER, *map(encode, items)))[0] == items
