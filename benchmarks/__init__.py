"""The speed claims of the README, run side by side with their peers by `python -m benchmarks`."""
