"""The faces of the simulated driver, shaped against the real networks."""
