"""The ground: Grid, raster and vector input, terrain edits, buildings, roughness, the check bundle."""
