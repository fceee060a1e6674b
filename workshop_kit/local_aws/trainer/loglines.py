"""Log lines in JumpStart's own form, so that its metric expressions, and anybody's, find the figures.

eval_ppl=tensor(5.0186, device='cpu') eval_epoch_loss=tensor(1.6131, device='cpu')
Epoch 3: train_perplexity=4.9403, train_epoch_loss=1.5974, epoch time 628.85s
"""

from __future__ import annotations

import math


def step(epoch: int, epochs: int, number: int, total: int, loss: float) -> str:
    """One optimizer step; `epoch` and `number` count from 1."""
    return f"Training Epoch: {epoch}/{epochs}, step {number}/{total} completed (loss: {loss:.4f})"


def evaluation(loss: float) -> str:
    """The mean loss over the validation rows, and its perplexity."""
    return f"eval_ppl=tensor({_perplexity(loss):.4f}, device='cpu') eval_epoch_loss=tensor({loss:.4f}, device='cpu')"


def epoch(number: int, loss: float, seconds: float) -> str:
    """The mean training loss of an epoch; `number` counts from 1."""
    return (
        f"Epoch {number}: train_perplexity={_perplexity(loss):.4f}, train_epoch_loss={loss:.4f}, "
        f"epoch time {seconds:.2f}s"
    )


def _perplexity(loss: float) -> float:
    # A diverged loss must still make a line that the expressions can read.
    return math.exp(min(loss, 80.0))
