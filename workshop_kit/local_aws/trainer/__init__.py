"""Fine-tuning with LoRA as JumpStart's Llama 3 training does it, on this machine's processor.

hyperparameters.py   names, bounds, defaults (no torch)
data.py              the training channel: rows to prompts and completions (no torch)
finetune.py          the training loop, with checkpoints
loglines.py          the lines that JumpStart's metric expressions read
artefact.py          the model artefact: a PEFT adapter with a note on its base
"""
