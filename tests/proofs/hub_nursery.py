"""Where do workers come from so quickly that a kill falls within their work? From one program that has loaded everything.

Each line that it hears starts a worker, whose number it says.
"""

from __future__ import annotations

import os
import signal
import sys


def main() -> None:
    """Start workers until nobody asks any more."""
    import django

    django.setup()
    import hub_pages  # type: ignore[import-not-found]  # noqa: F401

    from kalanso.hub.jobs.tasks import work_on

    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for _line in sys.stdin:
        number = os.fork()
        if number == 0:
            work_on(idle=0.2, schedule=False)
            os._exit(0)
        print(number, flush=True)


if __name__ == "__main__":
    main()
