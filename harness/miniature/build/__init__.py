"""Training the miniature and its judge from scratch."""
