"""From a Keras network to a full-int8 TFLite file with its manifest: one way for every network."""
