"""`python -m fermon` and the command `fermon`: from the first moment on Ctrl-C ends it in one line."""

import sys


def main() -> int:
    """Run the command line; returns the exit code."""
    try:
        from fermon.cli import main as command

        return command()
    except KeyboardInterrupt:
        print("fermon: interrupted", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
