"""Benchmarks that anyone can run; they print counts and ratios and judge nothing."""
