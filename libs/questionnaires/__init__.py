"""Questionnaires: questions whose answers are attributes of the member who gives them, and are kept nowhere else."""
