"""The mix of rewards: what is asked for, by whom, at which cost, within whose reach, and what to do better."""
