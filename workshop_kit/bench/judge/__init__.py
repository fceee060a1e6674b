"""The local judge held to labelled pairs of answers."""
