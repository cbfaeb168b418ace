"""Estimators and their intervals, vectorised over groups: nothing here knows what a claim or a policy is."""
