"""The landing: what an insurer delivers becomes rows of raw, whole or not at all, every row accounted for.

It starts in land.py and reads what is in force in latest.py; nothing is imported here, because a run with nothing to
do needs the mapping alone, without DuckDB and Polars.
"""
