"""The stand-in for picamera2 has the real one's signatures.

`REAL` was read from the source of picamera2 0.3.38 on PyPI (the library itself cannot be imported without libcamera).
Where PICAMERA2_SOURCE names an unpacked wheel, the table is compared with it:

    pip download --no-deps picamera2; unzip picamera2-*.whl -d SOURCE; PICAMERA2_SOURCE=SOURCE ./tools/test ...
"""

from __future__ import annotations

import ast
import inspect
import os
from pathlib import Path

import pytest

from tests.camera_fakes import FakePicamera2, FakeRequest

REAL = {
    "Picamera2": {
        "__init__": "self camera_num verbose_console tuning allocator",
        "global_camera_info": "",
        "create_video_configuration": (
            "self main lores raw transform colour_space buffer_count controls display encode queue sensor use_case"
        ),
        "configure": "self camera_config",
        "stream_configuration": "self name",
        "start": "self config show_preview",
        "capture_request": "self wait signal_function flush",
        "wait": "self job timeout",
        "cancel_all_and_flush": "self",
        "close": "self",
    },
    "CompletedRequest": {"make_array": "self name", "get_metadata": "self", "release": "self"},
}
FAKES = {"Picamera2": FakePicamera2, "CompletedRequest": FakeRequest}
FILES = {"Picamera2": "picamera2.py", "CompletedRequest": "request.py"}
NAMES = [(kind, name) for kind, functions in REAL.items() for name in functions]


@pytest.mark.parametrize(("kind", "name"), NAMES)
def test_the_stand_in_has_the_real_signature(kind: str, name: str) -> None:
    function = getattr(FAKES[kind], name)
    parameters = list(inspect.signature(function).parameters)
    if inspect.ismethod(function):  # a class method here, a static one there: called alike
        parameters = [p for p in parameters if p != "cls"]
    assert " ".join(parameters) == REAL[kind][name]


@pytest.mark.skipif("PICAMERA2_SOURCE" not in os.environ, reason="needs picamera2's source: set PICAMERA2_SOURCE")
def test_the_table_is_that_of_the_source() -> None:
    for kind, name in NAMES:
        tree = ast.parse((Path(os.environ["PICAMERA2_SOURCE"]) / "picamera2" / FILES[kind]).read_text())
        classes = [node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == kind]
        found = [node for node in classes[0].body if isinstance(node, ast.FunctionDef) and node.name == name]
        assert " ".join(a.arg for a in found[-1].args.args) == REAL[kind][name]  # overloads come first
