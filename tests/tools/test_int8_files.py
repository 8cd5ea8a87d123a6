"""A network that fermon ships is not written over by chance."""

from __future__ import annotations

from pathlib import Path

import pytest

from fermon.perception.network import NETWORKS, models_dir
from int8 import files
from lib.exits import DataError


@pytest.mark.parametrize("name", NETWORKS)
def test_a_shipped_network_goes_only_when_told(name: str) -> None:
    shipped = models_dir() / f"{name}.tflite"
    with pytest.raises(
        DataError, match=r"is the network that fermon ships; write elsewhere and set perception\.models"
    ):
        files.spare_the_shipped(shipped, force=False)
    files.spare_the_shipped(shipped, force=True)


def test_another_way_to_write_its_name_is_the_same_file(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(models_dir())
    with pytest.raises(DataError, match="ships"):
        files.spare_the_shipped(tmp_path / "link" / "eyes.tflite", force=False)


def test_a_file_of_ones_own_may_be_written_again(tmp_path: Path) -> None:
    (tmp_path / "expression.tflite").touch()
    files.spare_the_shipped(tmp_path / "expression.tflite", force=False)
    with pytest.raises(DataError, match=r"found the ending '\.keras', expected \.tflite"):
        files.spare_the_shipped(tmp_path / "expression.keras", force=False)
