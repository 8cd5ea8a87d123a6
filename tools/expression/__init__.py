"""The expression network: data, recipes, training, figures."""
