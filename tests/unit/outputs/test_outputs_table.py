"""The table of outputs, its settings, and what it costs to look at them."""

from __future__ import annotations

import dataclasses
import subprocess
import sys

import pytest

from fermon.errors import Problem
from fermon.outputs import OUTPUTS, OutputsSettings, make_outputs
from fermon.outputs.serial.output import SerialSettings
from fermon.schema import read

HARDWARE = ("can", "cantools", "serial", "gpiozero", "lgpio")


def test_settings_and_table_name_the_same_outputs() -> None:
    settings = OutputsSettings()
    assert {f.name: type(getattr(settings, f.name)) for f in dataclasses.fields(settings)} == {
        name: cls for name, (cls, _) in OUTPUTS.items()
    }


def test_without_configuration_only_the_log_speaks() -> None:
    assert [output.name for output in make_outputs(OutputsSettings())] == ["log"]


def test_enabled_outputs_are_made_under_their_names_and_touch_nothing() -> None:
    problems: list[Problem] = []
    settings = read(OutputsSettings, {name: {"enabled": True} for name in OUTPUTS}, "outputs", problems)
    assert problems == []
    outputs = make_outputs(settings)
    assert [output.name for output in outputs] == list(OUTPUTS)
    for output in outputs:
        assert output.heartbeat_s > 0 and output.poll_s > 0


@pytest.mark.parametrize(
    ("table", "complaint"),
    [
        ({"serial": {"prot": "/dev/ttyS0"}}, "outputs.serial.prot: no such key; did you mean 'port'?"),
        ({"serial": {"baud": 9}}, "1200 to 4000000 baud"),
        ({"can": {"speed": "j1393"}}, "did you mean 'j1939'?"),
        ({"gpoi": {}}, "did you mean 'gpio'?"),
    ],
)
def test_mistakes_are_named(table: dict[str, object], complaint: str) -> None:
    problems: list[Problem] = []
    read(OutputsSettings, table, "outputs", problems)
    assert len(problems) == 1 and complaint in str(problems[0])


def test_looking_at_the_settings_imports_no_hardware_library() -> None:
    code = (
        "import sys, fermon.outputs.hub, tests.output_fakes, fermon.outputs as o;"
        "o.make_outputs(o.OutputsSettings());"
        f"print([name for name in {HARDWARE!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_settings_are_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        SerialSettings().baud = 9600  # type: ignore[misc]
