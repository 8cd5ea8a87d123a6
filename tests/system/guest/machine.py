"""The guest as the tests see it: a kernel in a process, an agent that runs commands, a UART, a power switch.

amd64 runs a user-mode Linux kernel, whose programs compute at the processor's own speed; under QEMU's emulation of
amd64 a frame took seconds. arm64 runs Debian's kernel in QEMU, which counts instructions and lets the guest's clock go
with them: to the guest it is one core that never slows down, whatever the host takes for it. No network: commands go
over a port (agent.py), files over a second disk.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Any

BOOT_S = 420.0  # on a busy machine; 10 to 40 s are usual
MEMORY_MIB = 1536


class GuestError(Exception):
    """The guest or its agent did not do what every test relies on."""


@dataclass(frozen=True, slots=True)
class Done:
    """A command's exit code, and its standard output and error in one text."""

    code: int
    output: str


class Power(ABC):
    """The machine itself: started, cut off, started again with the same disk. `agent` and `uart` outlive a cut."""

    uart_device: str
    slowdown: float  # seconds of the host, at worst, for a second of the guest: what is waited for takes that longer
    agent: socket.socket
    uart: socket.socket

    @abstractmethod
    def cut(self) -> None:
        """Reset the machine as a power cut does: nothing is flushed, nobody is told."""

    @abstractmethod
    def console(self) -> str:
        """Return what the kernel said."""

    @abstractmethod
    def running(self) -> bool:
        """Whether the machine has power and its kernel has not given up."""

    @abstractmethod
    def close(self) -> None:
        """Switch it off and forget what it wrote."""


class UserModeLinux(Power):
    """The kernel is a program of the host; what is written goes to a copy-on-write file beside the image."""

    uart_device = "/dev/ttyS2"
    slowdown = 1.0

    def __init__(self, folder: Path, disk: Path) -> None:
        self._work = Path(tempfile.mkdtemp(prefix="fermon-guest-"))
        self.agent, self._agent_inside = socket.socketpair()
        self.uart, self._uart_inside = socket.socketpair()
        ports = (self._agent_inside.fileno(), self._uart_inside.fileno())
        self._command = [
            str(folder / "linux"),
            *(f"mem={MEMORY_MIB}M", f"ubd0={self._work}/cow,{folder}/root.ext4", f"ubd1r={disk}"),
            *("root=/dev/ubda", "rw", "quiet", "systemd.show_status=0", "con=null", "con0=null,fd:1", "ssl=null"),
            *(f"ssl1=fd:{ports[0]}", f"ssl2=fd:{ports[1]}", "fermon.agent=/dev/ttyS1"),
        ]
        self._start()

    def _start(self) -> None:
        with (self._work / "console.log").open("ab") as console:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=subprocess.STDOUT,
                pass_fds=(self._agent_inside.fileno(), self._uart_inside.fileno()),
                start_new_session=True,
            )

    def cut(self) -> None:
        self._kill()
        self._start()

    def _kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)  # a kernel has a host process for each of its programs
        self._process.wait()

    def console(self) -> str:
        return (self._work / "console.log").read_text(errors="replace")

    def running(self) -> bool:
        return self._process.poll() is None

    def close(self) -> None:
        self._kill()
        shutil.rmtree(self._work, ignore_errors=True)


class Qemu(Power):
    """Debian's kernel for arm64, emulated: one core with 10^9 instructions a second of its own time.

    A Raspberry Pi 4's core does about 1.5 10^9 to 3 10^9. The root disk is opened with snapshot=on: nothing is kept.
    """

    uart_device = "/dev/ttyS0"
    slowdown = 20.0  # usual: 3 to 10

    def __init__(self, folder: Path, disk: Path) -> None:
        # A short name: a Unix socket's path has room for 107 bytes.
        self._work = Path(tempfile.mkdtemp(prefix="fermon-guest-", dir="/tmp"))
        work = self._work
        command = ["qemu-system-aarch64", "-machine", "virt,accel=tcg", "-cpu", "cortex-a72", "-smp", "1"]
        command += ["-icount", "shift=0"]  # an instruction takes a nanosecond of the guest's time
        command += ["-m", str(MEMORY_MIB), "-nodefaults", "-no-user-config", "-display", "none"]
        command += ["-kernel", f"{folder}/vmlinuz", "-initrd", f"{folder}/initrd.img"]
        command += [
            "-append",
            "console=ttyAMA0 quiet panic=1 systemd.show_status=0 fermon.agent=/dev/virtio-ports/fermon.agent",
        ]
        command += ["-drive", f"if=virtio,format=raw,snapshot=on,file={folder}/root.ext4"]
        command += ["-drive", f"if=virtio,format=raw,readonly=on,file={disk}"]
        command += ["-chardev", f"file,id=console,path={work}/console.log", "-serial", "chardev:console"]
        command += ["-chardev", f"socket,id=agent,path={work}/agent,server=on,wait=off", "-device", "virtio-serial-pci"]
        command += ["-device", "virtserialport,chardev=agent,name=fermon.agent"]
        command += ["-chardev", f"socket,id=uart,path={work}/uart,server=on,wait=off"]
        command += ["-device", "pci-serial,chardev=uart", "-qmp", f"unix:{work}/qmp,server=on,wait=off"]
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
        self.agent, self.uart = self._connect("agent"), self._connect("uart")

    def _connect(self, name: str) -> socket.socket:
        end = time.monotonic() + 60
        while True:
            connection = socket.socket(socket.AF_UNIX)
            try:
                connection.connect(str(self._work / name))
                return connection
            except OSError as error:
                connection.close()
                if not self.running() or time.monotonic() > end:
                    raise GuestError(f"QEMU did not start (exit code {self._process.poll()})") from error
                time.sleep(0.1)

    def cut(self) -> None:
        with self._connect("qmp") as connection, connection.makefile("rw") as stream:
            stream.readline()
            for name in ("qmp_capabilities", "system_reset"):
                stream.write(json.dumps({"execute": name}) + "\n")
                stream.flush()
                while "return" not in json.loads(stream.readline()):
                    pass

    def console(self) -> str:
        return (self._work / "console.log").read_text(errors="replace")

    def running(self) -> bool:
        return self._process.poll() is None

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        self.agent.close()
        self.uart.close()
        shutil.rmtree(self._work, ignore_errors=True)


class Guest:
    """A booted guest; a context manager. `uart` collects what the guest sends on its second serial port."""

    def __init__(self, power: Power) -> None:
        self.uart = ""
        self.uart_device = power.uart_device
        self.boot_id = ""
        self.boot_s = 0.0  # of the last boot, until everything had started
        self.slowdown = power.slowdown
        self._power = power
        self._pending = b""
        self._request = 0
        threading.Thread(target=self._read_uart, daemon=True).start()
        self._wait_for_boot(time.monotonic())

    def __enter__(self) -> Guest:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._power.close()

    def run(self, command: str, timeout_s: float = 120.0) -> Done:
        """Run a shell command in the guest. Exit code 124: it did not end in time, and was killed."""
        self._request += 1
        self._ask(self._request, command, timeout_s)
        while True:
            answer = self._answer(timeout_s + 120)
            if answer["id"] == self._request:
                return Done(answer["code"], answer["output"])

    def check(self, command: str, timeout_s: float = 120.0) -> str:
        """Run a command that must succeed; return its output."""
        done = self.run(command, timeout_s)
        assert done.code == 0, f"exit code {done.code} of: {command}\n{done.output}"
        return done.output

    def until(self, command: str, timeout_s: float = 120.0, what: str = "") -> None:
        """Try a command twice a second until it succeeds."""
        end = f"end=$((SECONDS + {int(timeout_s)}))"
        done = self.run(f"{end}; until {command}; do [ $SECONDS -lt $end ] || exit 1; sleep 0.5; done", timeout_s + 60)
        assert done.code == 0, f"not within {timeout_s:g} s: {what or command}\n{done.output[-2000:]}\n{self.journal()}"

    def journal(self, lines: int = 40) -> str:
        """Return the end of fermon's journal."""
        return self.run(f"journalctl -u fermon -n {lines} --no-pager -o short-monotonic").output

    def send_uart(self, text: str) -> None:
        self._power.uart.sendall(text.encode("ascii"))

    def reboot(self) -> None:
        """Reboot in good order."""
        began = time.monotonic()
        self._ask(-1, "systemctl reboot", 60)
        self._wait_for_boot(began)

    def cut_power(self) -> None:
        began = time.monotonic()
        self._power.cut()
        self._pending = b""
        self._wait_for_boot(began)

    def _ask(self, number: int, command: str, timeout_s: float) -> None:
        request = {"id": number, "command": command, "timeout_s": timeout_s}
        self._power.agent.sendall(json.dumps(request).encode() + b"\n")

    def _wait_for_boot(self, began: float) -> None:
        """Wait for the agent of another boot than the last, and until that boot has started everything."""
        while True:
            answer = self._answer(BOOT_S)
            if answer["id"] == 0 and answer["boot"] != self.boot_id:
                break
        self.boot_id = answer["boot"]
        state = self.run("systemctl is-system-running --wait", BOOT_S).output.strip()
        if state not in ("running", "degraded"):
            raise GuestError(f"the guest's state after the boot is '{state}'")
        self.boot_s = time.monotonic() - began

    def _answer(self, timeout_s: float) -> dict[str, Any]:
        end = time.monotonic() + timeout_s * self.slowdown
        while b"\n" not in self._pending:
            if not self._power.running():
                raise GuestError(f"the guest's kernel has ended:\n{self._power.console()[-3000:]}")
            if time.monotonic() > end:
                raise GuestError(f"no answer from the guest in {timeout_s:g} s:\n{self._power.console()[-3000:]}")
            self._power.agent.settimeout(1.0)
            with contextlib.suppress(TimeoutError):
                self._pending += self._power.agent.recv(65536)
        line, self._pending = self._pending.split(b"\n", 1)
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _read_uart(self) -> None:
        with contextlib.suppress(OSError):
            while chunk := self._power.uart.recv(4096):
                self.uart += chunk.decode("ascii", "replace")


def boot(architecture: str, folder: Path, disk: Path) -> Guest:
    """Boot the guest that `build` made in `folder`, with `disk` as its second disk."""
    power: Power = UserModeLinux(folder, disk) if architecture == "amd64" else Qemu(folder, disk)
    try:
        return Guest(power)
    except BaseException:
        power.close()
        raise
