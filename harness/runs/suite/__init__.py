"""All instruments on one run: ``python -m harness suite RUN``."""
