"""fermon: an in-vehicle driver monitor for the Raspberry Pi."""

__version__ = "0.1.0"
