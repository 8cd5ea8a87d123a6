"""The eye and mouth networks: annotations, patches, training, evaluation."""
