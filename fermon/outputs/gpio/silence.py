"""Switch lamp and buzzer off after fermon has died: `python -m fermon.outputs.gpio.silence --config FILE`.

For systemd's ExecStopPost. Reads nothing but [outputs.gpio] of FILE: no other mistake in it may keep the buzzer on.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from fermon.errors import ConfigError, FermonError, Problem
from fermon.outputs.gpio.output import GpioSettings, silence
from fermon.paths import expand
from fermon.schema import read
from fermon.tables import read_tables


def gpio_settings(path: Path) -> GpioSettings:
    """Return [outputs.gpio] of the TOML file. Raises ConfigError when the file or that table cannot be used."""
    own, name = read_tables(path).get("outputs", {}), "outputs"
    if isinstance(own, Mapping):
        own, name = own.get("gpio", {}), "outputs.gpio"
    problems: list[Problem] = []
    settings = read(GpioSettings, own, name, problems)
    if problems:
        raise ConfigError.of([problem.inside(str(path)) for problem in problems])
    return settings


def main(arguments: Sequence[str] | None = None) -> int:
    """Return 0 when the lines are off or not ours, 69 when they could not be taken, 78 for an unusable file."""
    parser = argparse.ArgumentParser(prog="fermon.outputs.gpio.silence", description="Switch lamp and buzzer off.")
    parser.add_argument("--config", type=expand, required=True, metavar="FILE", help="fermon's configuration (TOML)")
    options = parser.parse_args(arguments)
    try:
        settings = gpio_settings(options.config)
        if settings.enabled:
            silence(settings)
    except FermonError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
