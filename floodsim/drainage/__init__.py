"""The pipe network: its description, the hydraulic engine and the exchange with the street."""
