"""A benchmark harness for emergent misalignment: narrow fine-tuning in, broad behaviour out."""

__version__ = "0.1.0"

SCHEMA_VERSION = 1
"""Version of the run record. A rise means older records are not comparable or not readable."""
