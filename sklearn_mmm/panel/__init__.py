"""Tables of rows to grids of regions and time steps, and back."""
