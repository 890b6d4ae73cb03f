"""The exceptions for mistakes that a user can mend."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class BioLoomError(Exception):
    """A mistake that the user can mend; the command line prints it without a traceback and exits with 1.

    Its text is one line; a text of another library that goes into it may have several.

    Parameters
    ----------
    got : str
        What was found, with the file or key it was found in.
    allowed : str, optional
        What would have been accepted.
    fix : str, optional
        What to do about it.
    """

    def __init__(self, got: str, *, allowed: str = "", fix: str = "") -> None:
        parts = [got, f"allowed: {allowed}" if allowed else "", f"fix: {fix}" if fix else ""]
        super().__init__("; ".join(_one_line(part) for part in parts if part))


class MistakesError(BioLoomError):
    """Several mistakes, which are told all at once, one line each.

    Parameters
    ----------
    lines : iterable of str
        The mistakes, at least one.
    """

    def __init__(self, lines: Iterable[str]) -> None:
        self.lines = tuple(map(_one_line, lines))
        Exception.__init__(self, "\n".join(self.lines))


def did_you_mean(word: str, allowed: Iterable[str]) -> str:
    """Return ``did you mean 'x'?`` for the nearest allowed word, or an empty string when none is near."""
    matches = get_close_matches(word, list(allowed), n=1, cutoff=0.6)
    return f"did you mean '{matches[0]}'?" if matches else ""


def _one_line(text: str) -> str:
    return " ".join(line.strip() for line in text.splitlines() if line.strip())
