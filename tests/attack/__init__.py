"""Attacks on Theca, with counts: `python -m tests.attack`, and a few of each kind in every test run."""
