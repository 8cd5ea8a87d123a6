"""What training prepares before TensorFlow is needed: recipes, targets, batches, the run folder's rules."""

from __future__ import annotations

import dataclasses
import io
from pathlib import Path

import numpy as np
import pytest

import train
from expression import augment, material, recipes, runs, targets
from expression.fer2013 import Split
from expression.recipes import Recipe
from lib.progress import Progress

SMALL = Recipe(stages=((32, 2), (48, 1)), batch=4, learning_rate=1e-3, validation=0.1, augment=augment.BEST)


def test_stages_give_each_epoch_its_picture_size() -> None:
    assert [SMALL.side(epoch) for epoch in range(5)] == [32, 32, 48, 48, 48]
    assert SMALL.epochs == 3


def test_the_paper_recipe_is_the_printed_protocol() -> None:
    paper = recipes.find("paper", "cnn10")
    assert (paper.batch, paper.epochs, paper.validation, paper.augment.rotation_deg) == (32, 300, 0.10, 20)
    assert recipes.find("paper", "vgg16").epochs == 100


@pytest.mark.parametrize("name", recipes.RECIPES)
def test_only_the_10_layer_network_is_trained_on_small_pictures(name: str) -> None:
    assert {side for side, _ in recipes.find(name, "cnn6").stages} == {48}
    assert recipes.find(name, "cnn6").epochs == recipes.find(name, "cnn10").epochs
    assert not recipes.find(name, "cnn6").muon  # its largest kernel would make a step four times as long


def test_targets_mix_label_votes_and_smoothing() -> None:
    recipe = dataclasses.replace(SMALL, votes=0.5, smoothing=0.07)
    votes = np.zeros((2, 10), np.float32)
    votes[0, 4] = 10  # all say sad
    votes[1, 9] = 10  # all say no face: nothing to mix
    y = targets.targets(np.array([0, 3]), votes, None, recipe)
    np.testing.assert_allclose(y.sum(1), 1, rtol=1e-6)
    assert y[0, [0, 4]] == pytest.approx([0.5 * 0.93 + 0.01] * 2)
    assert y[1, 3] == pytest.approx(0.93 + 0.01)
    np.testing.assert_array_equal(targets.targets(np.array([2]), None, None, SMALL), np.eye(7, dtype=np.float32)[[2]])


def test_targets_mix_the_label_with_a_teachers_shares() -> None:
    recipe = dataclasses.replace(SMALL, taught=0.75)
    y = targets.targets(np.array([2]), None, np.full((1, 7), 1 / 7, np.float32), recipe)
    assert y[0, 2] == pytest.approx(0.25 + 0.75 / 7)
    assert y[0, 0] == pytest.approx(0.75 / 7)


def split(count: int) -> Split:
    pictures = np.random.default_rng(0).integers(0, 256, (count, 48, 48), dtype=np.uint8)
    return Split(pictures, np.arange(count) % 7, np.arange(count))


def test_an_epoch_shows_every_picture_at_most_once_in_full_batches() -> None:
    y = np.eye(10, dtype=np.float32)
    shown = list(material.batches(split(10), y, SMALL, 32, np.random.default_rng(1)))
    assert [x.shape for x, _ in shown] == [(4, 32, 32, 1)] * 2
    seen = np.concatenate([target for _, target in shown]).argmax(1)
    assert len(set(seen)) == 8


def test_an_epoch_tells_the_mean_of_its_steps_and_counts_them_as_work() -> None:
    class Steps:
        """Learns nothing, and tells a loss of 1, 2, 3 ... in turn."""

        count = 0

        def resize(self, side: int) -> None: ...

        def reseed(self, seed: int, epoch: int) -> None: ...

        def step(self, x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
            self.count += 1
            return float(self.count), self.count / 10

    found = material.Material(split(13), split(1), np.eye(13, dtype=np.float32))
    progress = Progress(3 * 32**2, io.StringIO())
    assert train.one_epoch(Steps(), found, SMALL, 0, 1, progress) == pytest.approx((2.0, 0.2))
    assert progress.left_s() == pytest.approx(0.0)


def test_an_error_while_preparing_batches_is_raised_where_they_are_used() -> None:
    with pytest.raises(IndexError):
        list(material.batches(split(10), np.eye(2, dtype=np.float32), SMALL, 32, np.random.default_rng(1)))


def test_an_epochs_work_goes_with_the_pictures_area() -> None:
    assert [SMALL.work(epoch) for epoch in range(3)] == [32**2, 32**2, 48**2]


@pytest.mark.parametrize(
    ("epochs", "stages"),
    [
        (1, ((32, 1),)),
        (2, ((32, 2),)),
        (3, ((32, 2), (48, 1))),
        (5, ((32, 2), (48, 3))),
    ],
)
def test_a_recipe_is_cut_off_or_goes_on_at_full_size(epochs: int, stages: tuple[tuple[int, int], ...]) -> None:
    assert SMALL.lasting(epochs).stages == stages
    assert dataclasses.replace(SMALL, stages=((32, 2),)).lasting(3).stages == ((32, 2), (48, 1))


def test_a_run_that_is_finished_can_be_made_longer_but_not_shorter_than_it_is(tmp_path: Path) -> None:
    runs.prepare(tmp_path, {}, resume=False)
    runs.write(tmp_path, {"stages": [[32, 2], [48, 1]]})
    with (tmp_path / "history.csv").open("a") as out:
        out.writelines(f"{epoch},48,1,0.5,1,0.5,9\n" for epoch in (1, 2, 3))
    # Whatever the recipe's own stages are by now, a run keeps those that it was begun with.
    other = dataclasses.replace(SMALL, stages=((48, 99),))
    assert runs.going_on(tmp_path, other, 0).stages == ((32, 2), (48, 1))
    assert runs.going_on(tmp_path, other, 7).stages == ((32, 2), (48, 5))
    with pytest.raises(runs.RunError, match="has 3 epochs already, --epochs asks for 2"):
        runs.going_on(tmp_path, other, 2)
    runs.write(tmp_path, {"stages": "many"})
    with pytest.raises(runs.RunError, match="cannot be read"):
        runs.going_on(tmp_path, other, 7)


def test_a_folder_that_holds_a_run_is_not_overwritten(tmp_path: Path) -> None:
    runs.prepare(tmp_path / "run", {"seed": 1}, resume=False)
    (tmp_path / "run" / "last.npz").touch()
    with pytest.raises(runs.RunError, match="holds a run already; go on with --resume"):
        runs.prepare(tmp_path / "run", {"seed": 1}, resume=False)


def test_a_run_goes_on_only_under_the_same_configuration(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text('{"seed": 1, "machine": "another"}')
    (tmp_path / "last.npz").touch()
    runs.prepare(tmp_path, {"seed": 1}, resume=True)
    with pytest.raises(runs.RunError, match="its seed is 1, now 2"):
        runs.prepare(tmp_path, {"seed": 2}, resume=True)
    (tmp_path / "run.json").write_text('{"seed": ')
    with pytest.raises(runs.RunError, match="cannot be read"):
        runs.prepare(tmp_path, {"seed": 1}, resume=True)


def test_epochs_whose_state_was_lost_leave_the_history(tmp_path: Path) -> None:
    runs.prepare(tmp_path, {}, resume=False)
    with (tmp_path / "history.csv").open("a") as out:
        out.write("1,32,1.9,0.3,1.8,0.31,60.0\n2,48,1.8,0.3,1.7,0.35,90.0\n3,48,1.7,0.4,1.6,0.33,95.0\n")
    assert runs.outcome(tmp_path)["best_epoch"] == 2
    runs.forget_after(tmp_path, 1)
    assert runs.outcome(tmp_path) == {
        "epochs_done": 1,
        "seconds": 60.0,
        "best_epoch": None,
        "best_validation_accuracy": None,
    }
