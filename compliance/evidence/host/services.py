"""Units of a host's service manager: text in, one Services out.

The format (`# compliance services 1`): `UNIT ACTIVE ENABLED`, the words of systemctl's ActiveState and UnitFileState; a
unit that was asked for and does not exist is `not-found not-found`, an empty state is `-`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from compliance.errors import EvidenceError
from compliance.evidence.host.text import Text, Unparsed, problems, reader, trouble, word
from compliance.model.host import HostRecord, Service, Services

_LINE = re.compile(rb"([^ ]{1,256}) ([a-z-]{1,30}) ([a-z-]{1,30})")


def _records(text: Text) -> Iterator[HostRecord | EvidenceError]:
    unparsed = Unparsed("a list of services")
    units: dict[str, Service] = {}
    troubles: list[EvidenceError] = []
    for line in text.lines:
        found = _LINE.fullmatch(line.text)
        if found is None:
            unparsed.add(line)
            continue
        name = word(found[1])
        service = Service(found[2].decode(), found[3].decode(), line.at)
        if units.setdefault(name, service)[:2] != service[:2]:
            troubles.append(trouble(f"{name[:100]} stands twice with another state", line))
    if units and not troubles:
        yield Services(origin=text.origin, subject=text.subject, host=text.host, units=units)
    elif not troubles and not unparsed.count:
        yield EvidenceError("names no unit; collect it again")
    yield from troubles[:5]
    yield from unparsed.errors()
    yield from problems(text)


READER = reader("services", "Units of a host's service manager", "node-service", Services, _records)
