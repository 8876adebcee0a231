"""Studies of the inside of a run's models: their subjects, questions and figures."""
