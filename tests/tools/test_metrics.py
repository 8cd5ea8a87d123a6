"""Figures of merit against cases worked by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from expression import metrics
from fermon.perception.expression import calibrated

TRUTH = np.array([0, 0, 0, 1, 1, 2])
PREDICTED = np.array([0, 0, 1, 1, 0, 2])


def test_confusion_has_truth_in_rows() -> None:
    assert metrics.confusion(TRUTH, PREDICTED, 3).tolist() == [[2, 1, 0], [1, 1, 0], [0, 0, 1]]


def test_accuracy_recall_and_macro_f1() -> None:
    matrix = metrics.confusion(TRUTH, PREDICTED, 3)
    assert metrics.accuracy(matrix) == pytest.approx(4 / 6)
    assert metrics.recalls(matrix) == pytest.approx([2 / 3, 1 / 2, 1])
    assert metrics.macro_f1(matrix) == pytest.approx((2 / 3 + 1 / 2 + 1) / 3)


def test_a_class_without_pictures_has_no_recall_and_no_part_in_macro_f1() -> None:
    matrix = metrics.confusion(TRUTH, PREDICTED, 4)
    assert metrics.recalls(matrix)[3] is None
    assert metrics.macro_f1(matrix) == pytest.approx((2 / 3 + 1 / 2 + 1) / 3)


def test_a_class_that_is_never_found_counts_as_zero_in_macro_f1() -> None:
    matrix = metrics.confusion(np.array([0, 1]), np.array([0, 0]), 2)
    assert metrics.macro_f1(matrix) == pytest.approx((2 / 3 + 0) / 2)


def test_calibration_error_is_the_gap_between_confidence_and_accuracy() -> None:
    sure = np.tile([0.9, 0.1], (10, 1))
    truth = np.array([0] * 6 + [1] * 4)  # sure to 0.9, right in 0.6 of the cases
    assert metrics.calibration_error(sure, truth) == pytest.approx(0.3)
    assert metrics.calibration_error(sure, np.array([0] * 9 + [1])) == pytest.approx(0.0)


def test_certain_and_right_has_no_calibration_error() -> None:
    assert metrics.calibration_error(np.eye(3), np.arange(3)) == 0.0


def test_temperature_keeps_order_and_sum() -> None:
    p = np.array([[0.7, 0.2, 0.1, 0.0]])
    for temperature in (0.5, 1.0, 2.0):
        changed = calibrated(p, temperature)
        assert changed.sum() == pytest.approx(1)
        assert np.argsort(changed[0]).tolist() == np.argsort(p[0]).tolist()
    assert calibrated(p, 0.5)[0, 0] > 0.7 > calibrated(p, 2.0)[0, 0]


@pytest.mark.parametrize("temperature", [0.6, 1.0, 1.8])
def test_the_temperature_that_spoilt_the_probabilities_is_found(temperature: float) -> None:
    rng = np.random.default_rng(0)
    honest = rng.dirichlet(np.ones(7), 20_000)
    truth = (honest.cumsum(1) > rng.random((20_000, 1))).argmax(1)
    spoilt = calibrated(honest, 1 / temperature)
    assert metrics.fit_temperature(spoilt, truth) == pytest.approx(temperature, rel=0.06)


def test_cross_entropy_survives_a_probability_of_zero() -> None:
    assert np.isfinite(metrics.cross_entropy(np.array([[1.0, 0.0]]), np.array([1])))


def test_ferplus_agreement_counts_clear_majorities_of_the_seven_classes_only() -> None:
    votes = np.zeros((5, 10), np.float32)
    votes[0, 3] = 10  # happy, predicted
    votes[1, 4] = 6  # sad, not predicted
    votes[2, 9] = 10  # no face: not counted
    votes[3, [0, 1]] = 5  # a tie: not counted
    votes[4, 7] = 9  # contempt: not counted
    assert metrics.ferplus_agreement(np.array([3, 0, 0, 0, 0]), votes) == (0.5, 2)
    assert metrics.ferplus_agreement(np.array([0]), votes[2:3]) == (None, 0)


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=1, max_size=50))
def test_shares_are_shares(pairs: list[tuple[int, int]]) -> None:
    truth, predicted = np.array(pairs).T
    matrix = metrics.confusion(truth, predicted)
    assert matrix.sum() == len(pairs)
    assert 0 <= metrics.accuracy(matrix) <= 1
    assert 0 <= metrics.macro_f1(matrix) <= 1


def test_summary_is_ready_for_json() -> None:
    result = metrics.summary(np.eye(3)[[0, 1, 1]], np.array([0, 1, 2]), ("a", "b", "c"))
    assert result["n"] == 3
    assert result["accuracy"] == pytest.approx(2 / 3)
    assert result["recall"] == {"a": 1.0, "b": 1.0, "c": 0.0}
    assert result["confusion"] == [[1, 0, 0], [0, 1, 0], [0, 1, 0]]


def test_the_class_bias_gives_each_class_its_share_and_lowers_the_cross_entropy() -> None:
    rng = np.random.default_rng(4)
    logits = rng.normal(0, 1.5, (3000, 4))
    truth = np.array([rng.choice(4, p=row) for row in _softmax(logits)])
    skewed = _softmax(logits + np.array([1.0, -0.5, 0.0, 0.0]))
    bias = metrics.class_bias(skewed, truth)
    assert bias == pytest.approx([-0.875, 0.625, 0.125, 0.125], abs=0.15)  # the skew undone, with mean 0
    mended = _softmax(np.log(skewed) + bias)
    assert mended.mean(0) == pytest.approx(np.bincount(truth) / len(truth), abs=1e-6)
    assert metrics.cross_entropy(mended, truth) < metrics.cross_entropy(skewed, truth)


def test_a_class_without_pictures_keeps_its_place() -> None:
    p = _softmax(np.random.default_rng(5).normal(0, 1, (200, 3)))
    assert np.isfinite(metrics.class_bias(p, np.array([0, 1] * 100))).all()


def _softmax(logits: np.ndarray) -> np.ndarray:
    odds = np.exp(logits)
    return odds / odds.sum(1, keepdims=True)
