"""The command line, killed by itself at a certain change of a file.

``python -m pdf_extraction_tests.kills.victim CHANGE FOLDER COUNT_FILE WORDS...`` runs the
command WORDS and sends SIGKILL to itself at its CHANGE-th change of a file below FOLDER; 0 is
never, and Dagster's own files do not count. A command that came to its end writes how many
changes there were into COUNT_FILE.
"""

import atexit
import os
import signal
import sys
from pathlib import Path

from pdf_extraction.cli import main

CHANGES = {"os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.truncate", "shutil.rmtree"}


def kill_at(change, folder, count_file):
    """From now on count this process's changes below ``folder``."""
    seen = 0

    def hook(event, arguments):
        nonlocal seen
        if event == "open":
            if not (arguments[2] or 0) & (os.O_WRONLY | os.O_RDWR):
                return
        elif event not in CHANGES:
            return
        path = str(arguments[0])
        if folder in path and f"{folder}/dagster/" not in path:
            seen += 1
            if seen == change:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)
    atexit.register(lambda: Path(count_file).write_text(str(seen)))


if __name__ == "__main__":
    change, folder, count_file, *words = sys.argv[1:]
    kill_at(int(change), folder, count_file)
    sys.argv = ["pdf-extraction", *words]
    main()
