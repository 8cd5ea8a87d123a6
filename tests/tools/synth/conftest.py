"""Tests of the simulated drivers: some need OpenGL over EGL (apt install libegl1 libgl1-mesa-dri)."""

from __future__ import annotations

import pytest

from synth.render import NoRenderer, Renderer


@pytest.fixture(scope="session")
def renderer() -> Renderer:
    pytest.importorskip("moderngl", reason="needs the extra synth: pip install -e .[synth]")
    try:
        return Renderer()
    except NoRenderer as error:
        pytest.skip(str(error))
