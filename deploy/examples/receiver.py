"""Print what fermon says on a CAN bus: `python receiver.py INTERFACE CHANNEL`, for instance `socketcan can0`.

Each line: mode, state, level to sound, visibility; or "dead" and the level to sound; or, when it changes, "attention"
and where the head points, in degrees from forward.
"""

import sys
import time

import can  # noqa: TID253

from fermon.outputs.can.dbc import load, shipped_dbc
from fermon.outputs.can.e2e import Checker

TIMEOUT_S = 1.0  # GenMsgTimeoutTime of the DBC, five frames missed
HOLD_S = 10.0  # when fermon falls silent in an alarm, the alarm sounds on for so long


def alarm(level: str, silent_s: float) -> str:
    """Return the level to sound: fermon's own, in every mode; after its death an urgent one for HOLD_S."""
    held = level in ("warning", "critical") and silent_s <= TIMEOUT_S + HOLD_S
    return level if silent_s <= TIMEOUT_S or held else "none"


def main(interface: str, channel: str) -> None:
    database = load(shipped_dbc())
    state, head = (database.get_message_by_name(name) for name in ("FermonState", "FermonAttention"))
    head_checker, attention = Checker(head.dbc.attributes["E2EDataId"].value), ""
    checker, heard, level = Checker(state.dbc.attributes["E2EDataId"].value), time.monotonic(), "none"
    with can.Bus(interface=interface, channel=channel) as bus:
        while True:
            frame = bus.recv(timeout=0.1)
            silent_s = time.monotonic() - heard
            if frame and frame.arbitration_id == state.frame_id and checker.check(frame.data).usable:
                heard, signals = time.monotonic(), state.decode(frame.data)
                level = str(signals["Level"])
                print(signals["Mode"], signals["State"], level, signals["Visibility"], flush=True)
            elif frame and frame.arbitration_id == head.frame_id and head_checker.check(frame.data).usable:
                signals = head.decode(frame.data)
                if (now := str(signals["Attention"])) != attention:
                    attention = now
                    print("attention", now, signals["HeadYaw"], signals["HeadPitch"], flush=True)
            elif silent_s > TIMEOUT_S:
                print("dead", alarm(level, silent_s), flush=True)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: python receiver.py INTERFACE CHANNEL, for instance: python receiver.py socketcan can0")
    main(*sys.argv[1:3])
