"""The simulated machine: pure Python, without imports from the rest of the harness."""
