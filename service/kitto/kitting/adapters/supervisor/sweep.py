"""`python -m kitto.kitting.adapters.supervisor.sweep HOME`: ends on the device what a lost run left there."""

import os
import sys
from contextlib import closing
from pathlib import Path

import msgspec

from kitto.kitting.adapters.plays import PlayFault, Swept
from kitto.kitting.adapters.supervisor import remote
from kitto.kitting.adapters.supervisor.files import files_of, private_folder
from kitto.kitting.adapters.supervisor.keys import KeyAgent
from kitto.kitting.adapters.supervisor.order import Order


def main(home: Path) -> int:
    """Sweep, and print what was found as JSON."""
    os.umask(0o077)
    order = msgspec.json.decode(sys.stdin.buffer.read(), type=Order)
    files = files_of(home, order.spec.run_id)
    private_folder(files.work.parent)
    files.clear()
    private_folder(files.work)
    try:
        remote.lay_trust(order.spec.host, files)
        with closing(KeyAgent(files.agent)) as agent:
            if order.spec.host.transport.is_ssh:
                agent.open(order.private_key, 0, order.spec.certificate)
            swept = remote.sweep(order.spec.host, files, order.spec.run_id, order.secrets)
    except PlayFault as fault:
        swept = Swept(sure=False, sentence=f"The device could not be cleaned up: {fault}.")
    finally:
        files.clear()
    sys.stdout.buffer.write(msgspec.json.encode(swept))
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
