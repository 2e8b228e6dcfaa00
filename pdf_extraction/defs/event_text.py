"""Events as the text that Dagster keeps of them, where many differ in little.

Of a thousand documents' thirteen events each, most of a text says what the step and the run
are: made anew for each, it was half of what its event cost. Nothing is stored here.
"""

import json

from dagster._core.events.log import EventLogEntry
from dagster._serdes import serialize_value

# Unlike what a text says, a name in front of a value stands between quotes that are not escaped.
_DATA, _TIME = '"event_specific_data": null', '"timestamp": 0.0'


class EventTexts:
    """Makes texts of events; what those of one message share is kept from one to the next."""

    def __init__(self) -> None:
        self._frames: dict[str | None, tuple[EventLogEntry, list[str]]] = {}

    def of(self, event: EventLogEntry) -> str:
        """What ``serialize_value`` gives."""
        happened = event.dagster_event
        if happened is None:
            return serialize_value(event)
        bare = happened._replace(event_specific_data=None)
        frame = event._replace(timestamp=0.0, dagster_event=bare)
        known = self._frames.get(happened.message)
        if known is None or known[0] != frame:
            known = frame, _parts(frame)
            self._frames[happened.message] = known
        before, between, after = known[1]
        data = serialize_value(happened.event_specific_data)
        time = json.dumps(event.timestamp)
        return f'{before}"event_specific_data": {data}{between}"timestamp": {time}{after}'


def _parts(frame: EventLogEntry) -> list[str]:
    before, _, rest = serialize_value(frame).partition(_DATA)
    between, _, after = rest.partition(_TIME)
    return [before, between, after]
