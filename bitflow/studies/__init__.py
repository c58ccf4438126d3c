"""Questions across the recordings of a store: values by participant, session and group, and their statistics."""
