"""Print what fermon says on a CAN bus: `python receiver.py INTERFACE CHANNEL`, for instance `socketcan can0`."""

import sys
import time

import can  # noqa: TID253

from fermon.outputs.can.dbc import load, shipped_dbc
from fermon.outputs.can.e2e import Checker

state = load(shipped_dbc()).get_message_by_name("FermonState")
checker, heard = Checker(state.dbc.attributes["E2EDataId"].value), time.monotonic()
with can.Bus(interface=sys.argv[1], channel=sys.argv[2]) as bus:
    while True:
        frame = bus.recv(timeout=0.1)
        if frame and frame.arbitration_id == state.frame_id and checker.check(frame.data).usable:
            heard, signals = time.monotonic(), state.decode(frame.data)
            print(signals["Mode"], signals["State"], signals["Level"], signals["Visibility"], flush=True)
        elif time.monotonic() - heard > 1.0:  # s: GenMsgTimeoutTime of the DBC, five frames missed
            print("dead", flush=True)
