"""The policy's test language, the named drivers written in it, and their runs."""
