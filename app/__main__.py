"""``python -m app``."""

import sys

from app.main import main
from app.process import raise_stack_limit

if __name__ == "__main__":
    raise_stack_limit(sys.argv[1:])
    sys.exit(main())
