"""Other trackers' pose files: one reader a layout, recognised by what the file holds and not by its name."""
