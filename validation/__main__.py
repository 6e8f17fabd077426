"""``python -m validation``."""

import os
import sys
import warnings

# MONAI imports Holoscan, which asks for a stack that only the application needs; the variable
# reaches the worker processes.
os.environ.setdefault("PYTHONWARNINGS", "ignore:Current stack size:RuntimeWarning")
warnings.filterwarnings("ignore", "Current stack size", RuntimeWarning)

if __name__ == "__main__":
    from validation.cohort.command import main

    sys.exit(main(sys.argv[1:]))
