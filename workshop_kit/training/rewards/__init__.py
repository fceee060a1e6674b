"""Reward functions for reinforcement fine-tuning: Lambda handlers, the packing of them, and a check before they cost.

functions/          one handler a file; each runs alone, with Python's standard library (the judge also with boto3)
judge_prompts/      the four kinds of judge, as prompts to read and edit
packing.py          a handler as the zip that CreateFunction takes
checking.py         a handler tried on samples, with what is wrong in one sentence
deploying.py        a handler as a Lambda function of the kit's, tagged
curves.py           how the reward of a run went
"""

from workshop_kit.training.rewards.checking import check_reward, sample
from workshop_kit.training.rewards.curves import plot_rewards, rewards_table
from workshop_kit.training.rewards.deploying import deploy_reward
from workshop_kit.training.rewards.packing import JUDGES, REWARDS, pack, source_of

__all__ = [
    "JUDGES",
    "REWARDS",
    "check_reward",
    "deploy_reward",
    "pack",
    "plot_rewards",
    "rewards_table",
    "sample",
    "source_of",
]
