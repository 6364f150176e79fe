"""Entry of the one-folder build; the same command line as ``opsconsole``."""

import sys

from app.__main__ import main

if __name__ == "__main__":
    sys.exit(main())
