"""The outputs: can each be had, and, when asked for, does it show something?"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

from fermon.commandline import unwinding
from fermon.doctor.finding import Finding, faults, ok
from fermon.domain import DriverState, Status
from fermon.errors import ConfigError, OutputError
from fermon.outputs import OUTPUTS, OutputsSettings, check, make_outputs
from fermon.outputs.contract import Output

TEST_S = 2.0


def check_outputs(settings: OutputsSettings, test: bool) -> Iterator[Finding]:
    """Yield one finding for each output. Without `test` nothing sounds, lights or is sent.

    What a test sends is the state "nothing known yet", never an alert: nobody on the bus shall act on it.
    """
    if settings.gpio.enabled:
        settings = replace(settings, gpio=replace(settings.gpio, self_test=test))
    if problems := check(settings):
        yield from faults("outputs", ConfigError.of(problems), "correct it in the configuration")
    outputs = make_outputs(settings)
    for output in outputs:
        with unwinding():
            findings = list(_try(output, test))
        yield from findings
    off = [name for name in OUTPUTS if name not in {output.name for output in outputs}]
    if off:
        yield ok("outputs", f"not enabled: {', '.join(off)}")


def _try(output: Output, test: bool) -> Iterator[Finding]:
    try:
        output.open()
        if test:
            end = time.monotonic() + TEST_S
            output.show(Status(DriverState(t_ns=0), uptime_ms=0))
            while time.monotonic() < end:
                output.poll()
                time.sleep(min(output.poll_s, 0.05))
    except OutputError as error:
        yield from faults("outputs", error, f"see [outputs.{output.name}] of the configuration")
        return
    finally:
        output.close()
    yield ok("outputs", f"{output.name}: " + ("opened and tested" if test else "can be opened (try --test-outputs)"))
