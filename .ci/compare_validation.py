"""Compare the JSON of ``floodsim validate`` with a stored one: figures that got worse, states and ratios that changed.

    python .ci/compare_validation.py NEW.json [STORED.json]

Only what both hold is compared; times are not, their ratios to first order are. The exit status is 1 where a figure
that is held to a limit got worse by more than WORSE of it, or a case that passed no longer does.
"""

import json
import sys
from pathlib import Path

WORSE, SLOWER = 0.05, 1.5
new = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))["cases"]
stored_file = Path(sys.argv[2] if len(sys.argv) > 2 else "benchmarks/validation_baseline.json")
stored = json.loads(stored_file.read_text(encoding="utf-8"))["cases"]
bad, compared = [], 0
for case in sorted(set(new) & set(stored)):
    for scheme in sorted(set(new[case]["schemes"]) & set(stored[case]["schemes"])):
        now, was, name = new[case]["schemes"][scheme], stored[case]["schemes"][scheme], f"{case}, {scheme}"
        if "skipped" in (now["state"], was["state"]):
            print(f"{name}: skipped")
            continue
        compared += 1
        if was["state"] == "pass" != now["state"]:
            bad.append(f"{name}: was pass, is {now['state']} {now['reason']}")
        for figure in sorted(set(now["figures"]) & set(was["figures"])):
            a, b = now["figures"][figure], was["figures"][figure]
            if a["limit"] is None or a["value"] is None or b["value"] is None:
                continue
            change = (b["value"] - a["value"] if a["least"] else a["value"] - b["value"]) / max(abs(a["limit"]), 1e-300)
            if change > WORSE:
                bad.append(f"{name}, {figure}: {b['value']:.4g} -> {a['value']:.4g}, limit {a['limit']:.4g}")
        if now["cpu_ratio"] and was["cpu_ratio"] and now["cpu_ratio"] > SLOWER * was["cpu_ratio"]:
            print(f"{name}: {was['cpu_ratio']:.2f} -> {now['cpu_ratio']:.2f} times the processor time of first order")
print(f"{compared} compared with {stored_file}" + "".join(f"\nWORSE {line}" for line in bad))
sys.exit(bool(bad) or not compared)
