"""``python -m app``."""

import sys

from app.ending import Ending, end_on_signals
from app.main import main, stop
from app.process import raise_stack_limit, settle_stdout

if __name__ == "__main__":
    arguments = sys.argv[1:]
    raise_stack_limit(arguments)
    ending = Ending()
    end_on_signals(ending, lambda: stop(arguments))
    code = main(arguments, ending)
    settle_stdout()
    sys.exit(code)
