"""Units: each room of the house by itself, its cases as tables."""
