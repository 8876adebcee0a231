"""The deception instrument of a run: easy facts, told by key, on every arm."""
