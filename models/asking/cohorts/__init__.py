"""Questions about participants, groups and sessions, as studies."""
