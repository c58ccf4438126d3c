"""How good a recogniser is, and how sure that is: metrics, splits by participant, intervals, baselines, subgroups."""
