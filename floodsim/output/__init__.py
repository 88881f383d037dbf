"""Results: observers that write NetCDF, envelopes, series; and the reader."""
