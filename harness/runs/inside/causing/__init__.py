"""Testing directions for cause: does taking one out repair, does putting one in induce."""
