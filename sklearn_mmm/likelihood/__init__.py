"""Data, the penalised likelihood, experiments and the evidence for variation."""
