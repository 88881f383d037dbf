"""The report: figures, tables, one HTML page that stands alone, Excel, and layers for a GIS. Reads results only."""
