"""Where the local models and the shipped domains come from: generated worlds, their language, pre-training."""
