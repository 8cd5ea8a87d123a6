#!/usr/bin/python3
"""Runs inside the guest: executes the commands that the host sends over the port that the kernel's command line names.

A request is one line of JSON, {"id": N, "command": shell text, "timeout_s": seconds}; so is the answer,
{"id": N, "code": exit code, "output": standard output and error}. 124 = timed out. After each start the agent says
{"id": 0, "boot": boot id}.
"""

import json
import os
import signal
import subprocess
import time
import tty
from pathlib import Path


def run(command: str, timeout_s: float) -> tuple[int, str]:
    process = subprocess.Popen(
        ["/bin/bash", "-c", command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        output, _ = process.communicate(timeout=timeout_s)
        code = process.returncode
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        output, _ = process.communicate()
        code = 124
    return code, output.decode("utf-8", "replace")


def answer(port: int, fields: dict[str, object]) -> None:
    data = json.dumps(fields).encode() + b"\n"
    while data:
        data = data[os.write(port, data) :]


def port_name() -> str:
    """Return what follows fermon.agent= on the kernel's command line."""
    words = Path("/proc/cmdline").read_text().split()
    return next(word.partition("=")[2] for word in words if word.startswith("fermon.agent="))


def main() -> None:
    name = port_name()
    while not Path(name).exists():
        time.sleep(0.1)
    port = os.open(name, os.O_RDWR | os.O_NOCTTY)
    if os.isatty(port):
        tty.setraw(port)
    answer(port, {"id": 0, "boot": Path("/proc/sys/kernel/random/boot_id").read_text().strip()})
    pending = b""
    while True:
        chunk = os.read(port, 65536)
        if not chunk:  # nobody listens on the host
            time.sleep(0.2)
        pending += chunk
        while b"\n" in pending:
            line, pending = pending.split(b"\n", 1)
            request = json.loads(line)
            code, output = run(request["command"], request["timeout_s"])
            answer(port, {"id": request["id"], "code": code, "output": output})


if __name__ == "__main__":
    main()
