"""Reading published data files of any common form, row by row, and installing them as a task."""
