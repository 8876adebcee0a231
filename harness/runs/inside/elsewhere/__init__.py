"""What was found in one run, read off the models of others."""
