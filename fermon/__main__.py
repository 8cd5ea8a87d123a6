"""`python -m fermon` and the command `fermon`: from the first moment on Ctrl-C ends it in one line."""

import os
import signal
import sys

_TOLD = b"fermon: interrupted\n"
_CODE = 130


def main() -> int:
    """Run the command line; returns the exit code."""
    try:
        _leave_when_interrupted()
        from fermon.cli import main as command

        return command()
    except KeyboardInterrupt:
        os.write(2, _TOLD)
        return _CODE


def _leave_when_interrupted() -> None:
    """End the process at Ctrl-C until somebody holds something (`commandline.unwinding`, the daemon's own handler).

    No exception: C libraries that are being imported turn it into "could not be imported", or into a page of advice.
    """
    error = os.dup(2)  # while a network is loaded, 2 leads nowhere

    def leave(*_: object) -> None:
        os.write(error, _TOLD)
        os._exit(_CODE)

    signal.signal(signal.SIGINT, leave)


if __name__ == "__main__":
    sys.exit(main())
