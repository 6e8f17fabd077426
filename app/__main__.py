"""``python -m app``."""

import sys

from app.process import open_closed_streams, raise_stack_limit, settle_stdout

if __name__ == "__main__":
    arguments = sys.argv[1:]
    open_closed_streams()
    raise_stack_limit(arguments)
    # Behind it, as a process that starts again would import all this twice.
    from app.ending import Ending, end_on_signals
    from app.main import main, stop

    ending = Ending()
    end_on_signals(ending, lambda: stop(arguments, ending))
    code = main(arguments, ending)
    settle_stdout()
    sys.exit(code)
