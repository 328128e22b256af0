"""Synthetic firms: a plausible population of Chongqing and China, drawn at random, for demonstrations, tests and benchmarks."""
