"""The command line: ``python -m sklearn_mmm report FILE --target COLUMN``."""

import sys

from sklearn_mmm.cli import main

if __name__ == "__main__":
    sys.exit(main())
