"""The preview and the report in a real browser: Chromium, headless, driven through chromedriver."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

webdriver = pytest.importorskip("selenium.webdriver", reason="needs selenium (the extra dev)")

SOON_S = 45.0
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
    " --disable-component-update --disable-sync --window-size=1200,1000"
)


def until(condition: Callable[[], Any], what: str) -> Any:
    end = time.monotonic() + SOON_S
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.1)
    raise AssertionError(f"did not come true within {SOON_S:g} s: {what}")


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    driver = shutil.which("chromedriver")
    if chromium is None or driver is None:
        pytest.skip("needs Chromium and its driver (apt install chromium chromium-driver)")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for flag in (*FLAGS.split(), f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    made = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    yield made
    made.quit()


class Monitor:
    """`fermon --camera demo --preview` on one port, started and stopped."""

    def __init__(self, log: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/"
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "fermon.cli", "--camera", "demo", "--preview", f"127.0.0.1:{self.port}"]
        with self._log.open("ab") as out:
            self._process = subprocess.Popen(command, stdout=out, stderr=out)
        until(self._answers, f"the preview listens; {self._log.read_text(encoding='utf-8')}")

    def _answers(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        except OSError:
            return False
        return True

    def stop(self, number: int = signal.SIGTERM) -> None:
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait(SOON_S)
            self._process = None


@pytest.fixture
def monitor(tmp_path: Path) -> Iterator[Monitor]:
    made = Monitor(tmp_path / "fermon.log")
    made.start()
    yield made
    made.stop(signal.SIGKILL)


def text(browser: Any, selector: str) -> str:
    return str(browser.execute_script("return document.querySelector(arguments[0]).textContent", selector))


def run(browser: Any, script: str) -> Any:
    return browser.execute_script("return " + script)


def watching(browser: Any, monitor: Monitor) -> None:
    browser.get_log("browser")
    browser.get(monitor.url)
    until(lambda: "%" in text(browser, "#bars li output"), "expressions are shown")
    until(lambda: run(browser, "document.querySelector('#picture').naturalWidth") == 320, "a picture is shown")


def complaints(browser: Any) -> list[str]:
    return [entry["message"] for entry in browser.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")]


def test_it_loads_updates_and_asks_nobody_outside(browser: Any, monitor: Monitor) -> None:
    watching(browser, monitor)
    until(lambda: text(browser, "#facts").startswith("demo · blazeface · "), "camera, detector and runtime are told")
    assert browser.title == "fermon preview"
    before = run(browser, "document.querySelector('#picture').src")
    until(lambda: run(browser, "document.querySelector('#picture').src") != before, "the next picture")
    until(lambda: text(browser, "#status strong") == "Driver awake", "the driver is judged")
    assert run(browser, "document.querySelectorAll('#marks .open').length") >= 1, "the open eyes are marked"
    assert "left eye open" in text(browser, "#reading")
    until(lambda: text(browser, "#rate").startswith("15"), "the frame rate")
    fetched = run(browser, "performance.getEntriesByType('resource').map(entry => entry.name)")
    assert all(name.startswith((monitor.url, "data:")) for name in fetched), fetched
    assert complaints(browser) == []


def test_it_shows_an_alert_with_its_reason_and_says_it_aloud(browser: Any, monitor: Monitor) -> None:
    watching(browser, monitor)
    until(lambda: text(browser, "#status strong") == "WARNING MICROSLEEP", "the state is the alert")
    assert "eyes closed 1.5 s" in text(browser, "#status span")
    assert run(browser, "document.querySelector('#status').dataset.look") == "warning"
    until(lambda: "warning: microsleep, eyes closed 1.5 s" in text(browser, "[role=alert]"), "a screen reader hears it")
    until(lambda: "cleared" in text(browser, "#alerts li"), "its end stands on top of the list")
    assert "WARNING" in text(browser, "#alerts li:nth-child(2)") and "eyes closed" in text(
        browser, "#alerts li:nth-child(2)"
    )
    assert "microsleep" in str(run(browser, "document.querySelector('#timeline').getAttribute('aria-label')"))
    until(lambda: text(browser, "#status strong") == "Driver awake", "calm again")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_it_survives_the_monitors_restart(browser: Any, monitor: Monitor, number: int) -> None:
    watching(browser, monitor)
    run(browser, "document.body.dataset.same = 'page'")
    monitor.stop(number)
    until(lambda: run(browser, "document.body.classList.contains('lost')"), "the loss is told")
    assert "monitor" in text(browser, "#status strong") and "old" in text(browser, "#status span")
    assert run(browser, "document.querySelector('#stage').classList.contains('old')")
    monitor.start()
    until(lambda: not run(browser, "document.body.classList.contains('lost')"), "the page is back by itself")
    until(lambda: "started anew" in text(browser, "[role=status]"), "the restart is told")
    until(lambda: text(browser, "#status strong") == "Driver awake", "the driver is judged anew")
    assert run(browser, "document.body.dataset.same") == "page", "without having been loaded anew"


def test_the_keyboard_reaches_everything(browser: Any, monitor: Monitor) -> None:
    from selenium.webdriver.common.keys import Keys

    watching(browser, monitor)
    browser.find_element("tag name", "body").send_keys(Keys.TAB)
    reached = []
    for _ in range(3):
        reached.append(run(browser, "document.activeElement.id"))
        assert run(browser, "getComputedStyle(document.activeElement).outlineStyle") == "solid", "focus is seen"
        browser.switch_to.active_element.send_keys(Keys.TAB)
    assert reached == ["pause", "hide", "alerts"]
    browser.find_element("id", "hide").send_keys(Keys.ENTER)
    assert run(browser, "document.querySelector('#hide').ariaPressed") == "true"
    assert run(browser, "document.querySelector('#picture').hidden")
    assert text(browser, "#nopicture") == "Picture hidden"
    browser.find_element("id", "pause").send_keys(Keys.SPACE)
    shown = text(browser, "#reading")
    before = run(browser, "last.t")
    until(lambda: run(browser, "last.t") > before + 1, "it goes on underneath")
    assert text(browser, "#reading") == shown


def test_it_fits_a_phone_and_the_dark(browser: Any, monitor: Monitor) -> None:
    metrics = {"width": 360, "height": 740, "deviceScaleFactor": 2, "mobile": True}
    try:
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        watching(browser, monitor)
        assert run(browser, "document.documentElement.scrollWidth") <= 360
        backgrounds = []
        for scheme in ("light", "dark"):
            features = [{"name": "prefers-color-scheme", "value": scheme}]
            browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
            backgrounds.append(run(browser, "getComputedStyle(document.body).backgroundColor"))
        assert len(set(backgrounds)) == 2
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def test_a_screen_reader_finds_names_for_everything(browser: Any, monitor: Monitor) -> None:
    watching(browser, monitor)
    browser.execute_cdp_cmd("Accessibility.enable", {})
    nodes = browser.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
    named = {(n["role"]["value"], n.get("name", {}).get("value", "")) for n in nodes if not n.get("ignored")}
    roles: dict[str, list[str]] = {}
    for role, name in named:
        roles.setdefault(role, []).append(name)
    assert {"Pause", "Hide picture"} <= set(roles["button"])
    assert {"State", "Camera", "Measures", "Expression", "Timeline", "Alerts"} <= set(roles["region"])
    images = roles["image"]
    assert any(name.startswith("Live picture of the driver's camera. Face") for name in images)
    assert any(name.startswith("Timeline.") for name in images)
    assert all(images) and all(roles["button"])


def test_the_report_opens_offline(browser: Any, tmp_path: Path) -> None:
    session, page = tmp_path / "S.jsonl", tmp_path / "drive.html"
    words = ["--camera", "demo", "--pace", "max", "--record", str(session)]
    subprocess.run([sys.executable, "-m", "fermon.cli", *words], check=True, capture_output=True, timeout=100)
    words = ["report", str(session), "-o", str(page)]
    subprocess.run([sys.executable, "-m", "fermon.cli", *words], check=True, capture_output=True, timeout=100)
    browser.get_log("browser")
    browser.get(page.as_uri())
    assert (
        "eyes closed 3.0 s" in text(browser, "table")
        and run(browser, "document.querySelectorAll('svg rect').length") > 50
    )
    assert run(browser, "performance.getEntriesByType('resource').length") == 0
    assert complaints(browser) == []
