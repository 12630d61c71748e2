"""The form language: questions, conditions, checks, evaluation. It names no form of the trial."""
