"""Simulated drivers with known truth: heads, light, cameras, pictures and drives."""
