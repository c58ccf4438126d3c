"""What a question wants: which answer, of which events or signal."""
