"""Workers, beats and queues: what runs where."""
