"""`python -m SwinX2SLib` is the command `swinx2s`."""

import sys

from SwinX2SLib.cli import main

if __name__ == "__main__":
    sys.exit(main())
