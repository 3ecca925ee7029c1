"""The command line of the workshop: `python -m helpers.book --help`."""

import sys

from helpers.book.commands import main

if __name__ == "__main__":
    sys.exit(main())
