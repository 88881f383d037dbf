"""What drives the water: intensity formulas, storms, rain fields, series."""
