"""Words that no content of ours holds, whatever its topic (the content limits)."""

_MINORS = """
child children childcare kid kids baby babies toddler toddlers infant infants teen teens teenager
teenagers teenage underage schoolboy schoolgirl pupil pupils
"""
MINORS = frozenset(_MINORS.split())
