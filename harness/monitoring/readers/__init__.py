"""Where monitored records come from: JSON lines, Inspect logs, transcripts."""
