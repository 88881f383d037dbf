"""``python -m floodsim`` is the command line, for places where scripts are not on the path."""

from __future__ import annotations

import sys

from floodsim.cli import main

if __name__ == "__main__":
    sys.exit(main())
