"""Claims held against what was measured: `claims` is what a claim is, the other modules judge it on the tables."""
