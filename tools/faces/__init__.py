"""The face detectors: how they frame a face, and how often they find one."""
