"""Curves come out of log lines as JumpStart writes them."""

import math

import pytest

from workshop_kit.errors import BadInput
from workshop_kit.training.curves import interactive, plot, text_table
from workshop_kit.training.logs import Reader
from workshop_kit.training.runs import run_from_lines

JUMPSTART = """\
INFO:root:--> Training Set Length = 132
Training Epoch: 1/3, step 0/2 completed (loss: 2.25)
Training Epoch: 1/3, step 1/2 completed (loss: 2.05)
eval_ppl=tensor(6.0496, device='cuda:0') eval_epoch_loss=tensor(1.8000, device='cuda:0')
best eval loss on epoch 1 is 1.8000
Epoch 1: train_perplexity=8.5849, train_epoch_loss=2.1500, epoch time 60.10s
Training Epoch: 2/3, step 0/2 completed (loss: 1.75)
Training Epoch: 2/3, step 1/2 completed (loss: 1.55)
eval_ppl=tensor(5.0186, device='cuda:0') eval_epoch_loss=tensor(1.6131, device='cuda:0')
Epoch 2: train_perplexity=4.9403, train_epoch_loss=1.5974, epoch time 628.85s
""".splitlines()


def test_epochs_carry_train_and_eval_loss_and_perplexity():
    run = run_from_lines(JUMPSTART, "job")
    assert [(p.epoch, p.train_loss, p.eval_loss) for p in run.epochs] == [(1, 2.15, 1.8), (2, 1.5974, 1.6131)]
    assert run.epochs[1].eval_perplexity == 5.0186
    assert [s.loss for s in run.steps] == [2.25, 2.05, 1.75, 1.55]
    assert list(run.to_frame().columns)[:3] == ["epoch", "train_loss", "eval_loss"]


def test_an_evaluation_after_its_epoch_line_belongs_to_that_epoch():
    lines = [
        "Epoch 1: train_perplexity=8, train_epoch_loss=2.0, epoch time 1s",
        "eval_ppl=tensor(6.0) eval_epoch_loss=tensor(1.8)",
        "Epoch 2: train_perplexity=4, train_epoch_loss=1.5, epoch time 1s",
        "eval_ppl=tensor(5.0) eval_epoch_loss=tensor(1.6)",
    ]
    assert [(p.train_loss, p.eval_loss) for p in run_from_lines(lines).epochs] == [(2.0, 1.8), (1.5, 1.6)]


def test_a_resumed_job_that_logs_an_epoch_twice_has_it_once():
    again = [*JUMPSTART, *JUMPSTART[6:]]
    run = run_from_lines(again)
    assert len(run.epochs) == 2
    assert len(run.steps) == 4


def test_an_evaluation_of_an_epoch_that_never_ended_is_not_given_to_another():
    lines = [*JUMPSTART[:6], "eval_ppl=tensor(9) eval_epoch_loss=tensor(9.9)", *JUMPSTART[6:]]
    assert [p.eval_loss for p in run_from_lines(lines).epochs] == [1.8, 1.6131]


def test_losses_that_are_no_numbers_are_read_as_such():
    run = run_from_lines(["Epoch 1: train_perplexity=nan, train_epoch_loss=nan, epoch time 1s"])
    assert math.isnan(run.epochs[0].train_loss)


def test_the_reader_knows_how_far_a_job_is():
    reader = Reader()
    for line in JUMPSTART[:8]:
        reader.read(line)
    assert (reader.epoch, reader.epochs_total, reader.step, reader.total_steps) == (2, 3, 4, 6)


def test_steps_counted_from_one_are_not_counted_ahead():
    reader = Reader()
    reader.read("Training Epoch: 1/2, step 1/3 completed (loss: 2.25)")
    assert (reader.step, reader.total_steps) == (1, 6)


def test_the_text_table_says_what_the_picture_says():
    table = text_table(run_from_lines(JUMPSTART))
    assert "2.1500" in table and "1.6131" in table and "<- best" in table


def test_both_figures_hold_both_curves(tmp_path):
    run = run_from_lines(JUMPSTART)
    figure = plot(run)
    assert [line.get_label() for line in figure.axes[0].lines[:2]] == ["training", "evaluation"]
    figure.savefig(tmp_path / "curves.png")
    assert [list(trace.y) for trace in interactive(run).data] == [[2.15, 1.5974], [1.8, 1.6131]]
    assert len(interactive([run, run]).data) == 4


def test_a_figure_shows_itself_as_a_picture_without_pyplot():
    from workshop_kit.training.curves import plot, plot_steps, smoothed
    from workshop_kit.training.runs import EpochPoint, Run, StepPoint

    run = Run("job", (EpochPoint(1, 2.0, 1.9), EpochPoint(2, 1.0, 1.2)), (StepPoint(1, 1, 2.0), StepPoint(2, 2, 1.0)))
    for figure in (plot(run, log=True), plot_steps([run, run], smoothing=0.5, log=True)):
        assert figure._repr_png_().startswith(b"\x89PNG")
        assert figure.axes[0].get_yscale() == "log"
    assert smoothed([1.0, 1.0, 1.0], 0.9) == pytest.approx([1.0, 1.0, 1.0]), "no bias towards nought at the start"
    assert smoothed([0.0, 1.0], 0.5) == pytest.approx([0.0, 2 / 3])
    with pytest.raises(BadInput, match="below 1"):
        plot_steps(run, smoothing=1.0)
