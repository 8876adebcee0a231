"""What is wrong with, or peculiar about, the rows of a task; one streamed pass over each file."""
