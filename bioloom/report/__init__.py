"""Figures and the self-contained report of a run: what was found, how good it is and what decided it."""
