"""tools/expression/teach.py's numbers: the votes' translation, the product of two guesses, and the file of targets."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from expression import targets, teach
from expression.fer2013 import DataError


def votes_for(classes: list[int]) -> np.ndarray:
    return 10 * np.eye(10, dtype=np.float32)[classes]


def test_votes_are_translated_into_the_labels_habits() -> None:
    # The taggers' "neutral" is labelled sad in three pictures of four, their "happy" always happy.
    votes = votes_for([6] * 400 + [3] * 100)
    labels = np.array([4, 4, 4, 6] * 100 + [3] * 100)
    p = teach.softmax(teach.features(votes_for([6, 3])) @ teach.regression(teach.features(votes), labels))
    assert p[0, [4, 6]] == pytest.approx([0.75, 0.25], abs=0.02)
    assert p[1, 3] > 0.98


shares = st.lists(st.floats(0, 1), min_size=7, max_size=7).filter(lambda p: sum(p) > 0.1)


@given(shares, shares)
def test_two_guesses_together_are_a_guess(first: list[float], second: list[float]) -> None:
    one, two = (np.array([p]) / sum(p) for p in (first, second))
    p = teach.together(one, two, (0.7, 0.5))
    assert p.sum() == pytest.approx(1)
    assert (p > 0).all()


def test_a_guess_to_the_power_of_nothing_has_no_say() -> None:
    one, two = np.array([[0.4, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1]]), np.full((1, 7), 1 / 7)
    two[0, 3], two[0, 6] = 2 / 7, 1e-9
    assert teach.together(one, two, (1.0, 0.0)) == pytest.approx(one)
    assert teach.together(one, one, (1.0, 1.0))[0, 0] == pytest.approx(16 / 22)


def test_the_exponents_follow_who_is_right() -> None:
    labels = np.arange(70) % 7
    right = 0.3 / 7 + 0.7 * np.eye(7)[labels]
    wrong = np.full((70, 7), 1 / 7)
    wrong[:, 0], wrong[:, 1:] = 0.4, 0.1
    first, second = teach.fit_exponents(right, wrong, labels)
    assert first == teach.EXPONENTS[-1]
    assert second == teach.EXPONENTS[0]


def write(path: Path, rows: list[int], targets: np.ndarray) -> Path:
    np.savez(path, rows=np.array(rows), targets=targets.astype(np.float32))
    return path


def test_targets_are_found_by_row(tmp_path: Path) -> None:
    file = write(tmp_path / "taught.npz", [5, 2, 9], np.eye(7)[[0, 1, 2]])
    y = targets.read(file, np.array([9, 5]))
    np.testing.assert_array_equal(y, np.eye(7, dtype=np.float32)[[2, 0]])
    with pytest.raises(DataError, match=r"no targets for 2 pictures \(the first: row 4\).*same --validation"):
        targets.read(file, np.array([9, 3, 4]))


def test_a_file_that_holds_no_targets_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"make one with python -m expression\.teach"):
        targets.read(tmp_path / "missing.npz", np.array([0]))
    other = tmp_path / "other.npz"
    np.savez(other, rows=np.array([0]))
    with pytest.raises(DataError, match=r"make one with python -m expression\.teach"):
        targets.read(other, np.array([0]))
    other.write_bytes(other.read_bytes()[:40])
    with pytest.raises(DataError, match=r"make one with python -m expression\.teach"):
        targets.read(other, np.array([0]))
    with pytest.raises(DataError, match=r"found targets \(1, 7\) for 1 rows, expected seven shares of 1"):
        targets.read(write(other, [0], np.full((1, 7), 0.2)), np.array([0]))
