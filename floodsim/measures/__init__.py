"""Which measures to build: sets of candidates run and judged, and the cheapest that passes every point searched for."""
