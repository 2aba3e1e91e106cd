"""The steps that touch the outside: one file per system, each safe to run twice."""
