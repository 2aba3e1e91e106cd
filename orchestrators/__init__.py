"""The workflow: deterministic generators that the Durable host replays."""
