"""Writes each change of lamp and buzzer: seconds since boot, line, value. The bench's oscilloscope."""

import time
from pathlib import Path

LINES = {name: Path(f"/run/bench/gpio/sim_gpio{line}/value") for name, line in (("lamp", 23), ("buzzer", 18))}
last: dict[str, str] = {}
with Path("/run/bench/lines.log").open("a", buffering=1) as log:
    while True:
        for name, path in LINES.items():
            value = path.read_text().strip()
            if value != last.get(name):
                last[name] = value
                log.write(f"{time.monotonic():.2f} {name} {value}\n")
        time.sleep(0.04)
