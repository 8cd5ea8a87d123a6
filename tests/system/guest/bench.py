"""The test bench around the guest: its camera, and what fermon's lamp, buzzer, bus, UART and journal say."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fermon.outputs.can.dbc import load, shipped_dbc
from fermon.outputs.can.e2e import Check, Checker
from tests.system.guest.machine import Guest

PATIENCE_S = 240.0  # for what takes a few seconds on an idle machine
CONFIG = """
[camera]
source = "/dev/video10"
wait_for_camera = true

[policy]              # lower floors for a busy test machine, which may give fewer than 8 frames a second
slow_hz = 3.0
closure_floor_hz = 3.0

[outputs.gpio]
enabled = true
chip = {chip}

[outputs.serial]
enabled = true
port = "{uart}"

[outputs.can]
enabled = true
channel = "vcan0"
"""


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment, as places in the bench's logs."""

    journal: str
    can: int
    lines: int
    uart: int


class Bench:
    """The test bench around the guest: what its camera shows, and what lamp, buzzer, bus, UART and journal say."""

    def __init__(self, guest: Guest) -> None:
        self.guest = guest
        self.message = load(shipped_dbc()).get_message_by_name("FermonState")
        self.config = ""

    def scene(self, name: str) -> None:
        """Show "play awake", "play drowsy", "play angry", "still" (the same picture) or "nothing" (no pictures)."""
        self.guest.check(f"echo {name} > /run/bench/scene.new; mv /run/bench/scene.new /run/bench/scene")

    def configure(self, more: str = "") -> None:
        chip = self.guest.check("cat /run/bench/chip").strip()
        self.config = CONFIG.format(chip=chip, uart=self.guest.uart_device) + more
        self.guest.check(f"cat > /etc/fermon/fermon.toml <<'END'\n{self.config}\nEND")

    def fresh(self, scene: str = "play awake") -> Mark:
        """Start fermon anew with the standard configuration, wait until it sees the driver, and return that moment."""
        self.configure()
        self.scene("play awake")
        self.restart()
        if scene != "play awake":
            mark = self.mark()
            self.scene(scene)
            return mark
        return self.mark()

    def restart(self) -> None:
        mark = self.mark()
        self.guest.check("systemctl reset-failed fermon; systemctl restart fermon", PATIENCE_S)
        self.until_can(mark, lambda state: state["Mode"] == "monitoring", "the driver is seen")

    def mark(self) -> Mark:
        places = self.guest.check(
            "journalctl -n 0 --show-cursor -o cat | sed -n 's/^-- cursor: //p'; "
            "wc -c < /run/bench/can.log; wc -c < /run/bench/lines.log"
        ).split()
        return Mark(places[0], int(places[1]), int(places[2]), len(self.guest.uart))

    def journal(self, mark: Mark) -> str:
        """Return fermon's journal since then."""
        return self.guest.check(f"journalctl -u fermon -o cat --no-pager --after-cursor='{mark.journal}'")

    def until_journal(self, mark: Mark, pattern: str) -> str:
        """Wait for a line that matches `pattern` (a regular expression); return the journal since the mark."""
        self._wait(lambda: re.search(pattern, self.journal(mark)), f"journal: {pattern}")
        return self.journal(mark)

    def can(self, mark: Mark) -> list[dict[str, Any]]:
        """Return the decoded FermonState frames since then; a frame with a wrong checksum fails the test."""
        checker = Checker(self.message.dbc.attributes["E2EDataId"].value)
        text = self.guest.check(f"tail -c +{mark.can + 1} /run/bench/can.log")
        states = []
        for data in re.findall(r" 5D0#([0-9A-F]{16})\n", text):
            frame = bytes.fromhex(data)
            assert checker.check(frame) is not Check.WRONG_CRC, f"checksum of {data}"
            states.append(self.message.decode(frame, decode_choices=True))
        return [{name: str(value) for name, value in state.items()} for state in states]

    def until_can(self, mark: Mark, wanted: Callable[[dict[str, Any]], bool], what: str) -> None:
        self._wait(lambda: any(map(wanted, self.can(mark))), f"CAN: {what}")

    def uart(self, mark: Mark) -> list[list[str]]:
        """Return the fields of the sentences since then whose checksum is right."""
        found = []
        for text, digits in re.findall(r"\$(FERM,[^*]*)\*([0-9A-F]{2})\r\n", self.guest.uart[mark.uart :]):
            value = 0
            for character in text:
                value ^= ord(character)
            assert value == int(digits, 16), f"checksum of {text}"
            found.append(text.split(","))
        return found

    def until_uart(self, mark: Mark, wanted: Callable[[list[str]], bool], what: str) -> None:
        self._wait(lambda: any(map(wanted, self.uart(mark))), f"UART: {what}")

    def lines(self, mark: Mark) -> list[tuple[float, str, int]]:
        """Return the changes of lamp and buzzer since then: seconds, name, value."""
        text = self.guest.check(f"tail -c +{mark.lines + 1} /run/bench/lines.log")
        return [(float(t), name, int(value)) for t, name, value in map(str.split, text.splitlines())]

    def until_lines(self, mark: Mark, name: str, changes: int) -> None:
        """Wait for so many rises of a line."""
        self._wait(
            lambda: sum(line == name and value == 1 for _, line, value in self.lines(mark)) >= changes,
            f"{name}: {changes} times on",
        )

    def both_low(self) -> bool:
        values = self.guest.check("cat /run/bench/gpio/sim_gpio23/value /run/bench/gpio/sim_gpio18/value").split()
        return values == ["0", "0"]

    def until_active(self) -> None:
        self.guest.until("systemctl is-active --quiet fermon", PATIENCE_S, "fermon is active")

    def show(self, name: str) -> str:
        return self.guest.check(f"systemctl show -P {name} fermon").strip()

    def _wait(self, condition: Callable[[], object], what: str) -> None:
        end = time.monotonic() + PATIENCE_S * self.guest.slowdown
        while not condition():
            if time.monotonic() > end:
                raise AssertionError(f"not within {PATIENCE_S:g} s: {what}\n{self.guest.journal()}")
            time.sleep(0.5)
