"""`python -m fermon` is the command `fermon`."""

import sys

from fermon.cli import main

sys.exit(main())
