"""What the app tells of itself: traces, metrics and log lines, never a text or a person's name."""
