"""Fail where a file of the package did not make it into the wheel (formulas, standards, tables, templates)."""

import sys
import zipfile
from pathlib import Path

wheel = next(Path(sys.argv[1]).glob("floodsim-*.whl"))
packed = set(zipfile.ZipFile(wheel).namelist())
wanted = {path.as_posix() for path in Path("floodsim").rglob("*") if path.is_file() and "__pycache__" not in path.parts}
missing = sorted(wanted - packed)
print(f"{wheel.name}: {len(wanted)} files" + "".join(f"\nmissing: {name}" for name in missing))
sys.exit(bool(missing))
