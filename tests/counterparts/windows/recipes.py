"""The scripts that Kitto itself sends, taught to the stand-in word for word: an edited one is unknown."""

import json
from collections.abc import Iterator
from typing import Any

from kitto.kitting.adapters.windows import WHO
from tests.counterparts.windows.machine import Windows
from tests.counterparts.windows.scripts import plays


@plays(WHO)
def who(windows: Windows, _given: dict[str, Any]) -> Iterator[str]:
    yield json.dumps(
        {
            "serial": windows.serial,
            "uuid": windows.uuid,
            "vendor": windows.vendor,
            "model": windows.model,
            "name": windows.name,
            "system": windows.caption,
            "build": windows.build,
        },
        ensure_ascii=False,
    )
