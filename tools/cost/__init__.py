"""Instruments that measure what a frame and a process cost."""
