"""Entry of the one-folder build; the same command line as ``opsconsole``."""

import multiprocessing
import sys

from app.__main__ import main

if __name__ == "__main__":
    # `audit verify` hashes in processes of its own, which start here again.
    multiprocessing.freeze_support()
    sys.exit(main())
