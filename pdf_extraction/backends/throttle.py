"""When a server's 429 is about everyone, and when about one call. Sends and counts nothing.

A used-up limit refuses every call until its reset: everyone must stay away, or each page pays
for finding that out. A crowded gateway refuses a share of the calls and lets the next one in:
if all pages then stayed away for its Retry-After, 15 % of refusals took nine tenths of the
speed (``benchmarks/limits.py faults``: more than 200 s instead of about 60 s for 2,000 pages).
"""

from __future__ import annotations

from collections import deque

from pdf_extraction.backends.clock import Clock

#: Seconds everyone stays away after a 429 that says nothing, doubling with each of a row.
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.25, 30.0
#: A stated wait of at most so many seconds may be lifted; a longer one is never doubted.
DOUBTED_S = 2.0
#: Seconds after which a call that was sent later and not refused has been let in.
LET_IN_S = 0.1
#: So many refusals among the last calls, and they are about everyone after all.
_LAST, _MANY = 10, 5


class Throttle:
    """One server's pauses.

    Args:
        clock: Time.

    Attributes:
        until: Moment of the clock until which nobody calls.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.until = 0.0
        self._next_s = FIRST_PAUSE_S
        self._sent = 0
        self._under_way: dict[int, float] = {}
        self._last_good = 0
        self._refused: deque[int] = deque(maxlen=_LAST)
        self._is_personal = False
        self._doubted: tuple[int, float, float] | None = None

    def sent(self) -> int:
        """A call goes out; its number."""
        self._sent += 1
        self._under_way[self._sent] = self._clock.now()
        return self._sent

    def ended(self, call: int) -> None:
        """A call came to whatever end."""
        self._under_way.pop(call, None)

    def answered(self, call: int) -> None:
        """A call was let in and answered."""
        self._next_s = FIRST_PAUSE_S
        self._last_good = max(self._last_good, call)

    def stay_away(self, seconds: float) -> None:
        """Nobody calls for so long."""
        self.until = max(self.until, self._clock.now() + seconds)

    def refused(self, call: int, retry_after: float | None) -> None:
        """A call was refused with a 429."""
        self._refused.append(call)
        now = self._clock.now()
        if retry_after is None:
            if now < self.until:
                return  # it was under way when the pause began
            retry_after = self._next_s
            self._next_s = min(LONGEST_PAUSE_S, 2 * retry_after)
        elif retry_after <= DOUBTED_S:
            recent = sum(number > self._sent - _LAST for number in self._refused)
            if self._is_personal and recent < _MANY:
                return  # its page waits, the others go on
            self._is_personal = False
            if self._doubted is None and now >= self.until:
                self._doubted = call, now + LET_IN_S, self.until
        self.stay_away(retry_after)

    def wait(self) -> float:
        """Seconds to stay away from now, or until that is worth asking again; 0 for none."""
        now = self._clock.now()
        if self._doubted is None:
            return max(0.0, self.until - now)
        call, due, before = self._doubted
        if now < due:
            return due - now
        self._doubted = None
        if self._let_in_after(call, now):
            self._is_personal, self.until = True, before
        return max(0.0, self.until - now)

    @property
    def is_certain(self) -> bool:
        """Whether the pause is one that other processes should keep too."""
        return self._doubted is None

    def _let_in_after(self, call: int, now: float) -> bool:
        return self._last_good > call or any(
            number > call and now - since >= LET_IN_S for number, since in self._under_way.items()
        )
