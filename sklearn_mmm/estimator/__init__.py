"""DeepCausalMMMRegressor and what its answers are made of."""
