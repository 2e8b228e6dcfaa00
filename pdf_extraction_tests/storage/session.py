"""Somebody else's process that has the warehouse open and does as it is told."""

import contextlib
import subprocess
import sys

_CODE = """
import duckdb, json, sys
connection = duckdb.connect(sys.argv[1], read_only=sys.argv[2] == "reading")
print("open", flush=True)
for line in sys.stdin:
    print(json.dumps(connection.execute(line).fetchall()), flush=True)
connection.close()
print("closed", flush=True)
"""


class Session:
    """One SQL session in a process of its own.

    Args:
        file: The DuckDB file.
        mode: ``reading`` or ``writing``.
    """

    def __init__(self, file, mode):
        self.process = subprocess.Popen(
            [sys.executable, "-c", _CODE, str(file), mode],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout.readline() == "open\n"

    def ask(self, sql):
        """The answer as JSON."""
        self.process.stdin.write(f"{sql}\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def close(self):
        """End in order, and say so."""
        self.process.stdin.close()
        text = self.process.stdout.read()
        self.process.stdout.close()
        self.process.wait()
        return text.strip()

    def kill(self):
        """End without any order."""
        self.process.kill()
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait()


@contextlib.contextmanager
def session(file, mode):
    """A session that is over at the end of the block."""
    one = Session(file, mode)
    try:
        yield one
    finally:
        if one.process.poll() is None:
            one.kill()
