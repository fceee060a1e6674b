"""The truths of the local world: what a learner's choices do to the win rate, measured by real runs."""
