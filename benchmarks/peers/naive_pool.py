"""What a user writes next: the same in sixteen threads."""

from __future__ import annotations

from benchmarks.peers.naive_loop import run

if __name__ == "__main__":
    run(16)
