"""Trying lamp and buzzer on a laptop: what the lines would do is logged."""

from __future__ import annotations

import pytest

from fermon.outputs.gpio.output import GpioOutput, GpioSettings
from tests.conftest import Reports
from tests.outputs_kit import CRITICAL, WELL


@pytest.fixture
def mocked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GPIOZERO_PIN_FACTORY", "mock")


@pytest.mark.usefixtures("mocked")
def test_each_change_of_a_line_is_logged_and_the_end_is_low(reports: Reports) -> None:
    now = [0.0]
    output = GpioOutput(GpioSettings(self_test=False), clock=lambda: now[0])
    output.open()
    assert reports == ["gpio: GPIOZERO_PIN_FACTORY=mock: lines are logged, none is driven"]
    output.show(WELL)
    for now[0] in (0.05, 0.11):
        assert output.poll() == ()
    assert reports[1:] == ["gpio: line GPIO23 high", "gpio: line GPIO23 low"], (
        "the short flash of a monitor that is well"
    )
    output.show(CRITICAL)
    assert reports[3:] == ["gpio: line GPIO23 high", "gpio: line GPIO18 high"]
    output.close()
    assert reports[5:] == ["gpio: line GPIO18 low", "gpio: line GPIO23 low"]


@pytest.mark.usefixtures("mocked")
def test_an_active_low_line_is_logged_as_it_is(reports: Reports) -> None:
    output = GpioOutput(GpioSettings(buzzer_active_high=False, lamp_line=0, self_test=False))
    output.open()
    output.show(CRITICAL)
    output.close()
    assert reports[1:] == ["gpio: line GPIO18 high", "gpio: line GPIO18 low", "gpio: line GPIO18 high"]
