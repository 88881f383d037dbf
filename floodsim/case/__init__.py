"""Case files: schema, units, loading. The only home of pydantic."""
