"""The parts of a simulated drive of a day."""
