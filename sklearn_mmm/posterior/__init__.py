"""Modes, members and settled hyper-parameters."""
