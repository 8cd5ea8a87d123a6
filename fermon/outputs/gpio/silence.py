"""Switch lamp and buzzer off after fermon has died: `python -m fermon.outputs.gpio.silence --config FILE`.

For systemd's ExecStopPost. Reads nothing but [outputs.gpio] of FILE: no other mistake in it may keep the buzzer on.
"""

from __future__ import annotations

import argparse
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path

from fermon.errors import ConfigError, FermonError, Problem
from fermon.outputs.gpio.output import GpioSettings, silence
from fermon.schema import read


def gpio_settings(path: Path) -> GpioSettings:
    """Return [outputs.gpio] of the TOML file. Raises ConfigError when the file or that table cannot be used."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        own = table.get("outputs", {}).get("gpio", {})
    except (OSError, ValueError, AttributeError) as error:
        raise ConfigError(f"{path}: {error}", expected="a TOML file with [outputs.gpio]") from error
    problems: list[Problem] = []
    settings = read(GpioSettings, own, "outputs.gpio", problems)
    if problems:
        raise ConfigError.of([problem.inside(str(path)) for problem in problems])
    return settings


def main(arguments: Sequence[str] | None = None) -> int:
    """Return 0 when the lines are off or not ours, 69 when they could not be taken, 78 for an unusable file."""
    parser = argparse.ArgumentParser(prog="fermon.outputs.gpio.silence", description="Switch lamp and buzzer off.")
    parser.add_argument("--config", type=Path, required=True, metavar="FILE", help="fermon's configuration (TOML)")
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
