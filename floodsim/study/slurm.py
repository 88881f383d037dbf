"""A study on a SLURM cluster: the sbatch script of a job array, and the same resources for workers of dask-jobqueue.

Each job of the array runs its share of the scenarios by the very command that runs them on a laptop. Near its time
limit SLURM sends SIGTERM, the runs end in good order, and the job goes back into the queue for the rest.
"""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from floodsim import __version__
from floodsim.errors import CaseError, Fault, Faults, RunError

SCRIPT = "batch.sbatch"
LOGS = "slurm"
GRACE = 180
"""Seconds before the time limit at which a job is told to end, so that its runs can."""

OURS = ("array", "cpus-per-task", "job-name", "ntasks", "open-mode", "output", "requeue", "signal")
"""Options of sbatch that the script sets itself."""

DASK_NAMES = {"partition": "queue", "time": "walltime", "mem": "memory", "account": "account"}
"""What dask-jobqueue calls options of sbatch."""


@dataclass(frozen=True)
class Job:
    """The jobs of a study: how many, scenarios at a time and threads of each, other options of sbatch by long name."""

    count: int
    workers: int = 1
    threads: int = 1
    options: Mapping[str, str] = field(default_factory=dict)

    @property
    def cores(self) -> int:
        """Cores of one job."""
        return self.workers * self.threads


def read_options(texts: Sequence[str]) -> dict[str, str]:
    """Options of sbatch out of ``key=value`` texts, with or without dashes before; raises CaseError with all faults.

    ``time`` may be any form that sbatch knows. What the script sets itself is refused.
    """
    faults, found = Faults("--sbatch"), {}
    for text in texts:
        key, equals, value = text.strip().lstrip("-").partition("=")
        if not re.fullmatch(r"[a-z][a-z\-]*", key) or (equals and not value) or "\n" in text:
            remedy = "write for example --sbatch partition=normal --sbatch time=12:00:00"
            faults.add("not an option of sbatch", value=text, allowed="KEY=VALUE, by its long name", remedy=remedy)
        elif key in OURS:
            remedy = "leave it out; --jobs, --workers and --threads say how many"
            faults.add("is set by the script itself", key=key, value=text, remedy=remedy)
        found[key] = value
    faults.raise_if_any()
    return found


def sbatch_script(name: str, command: Sequence[str], study: Path, folder: Path, job: Job) -> str:
    """The text of an sbatch script that runs a study as a job array.

    ``command`` starts floodsim (such as ``python -m floodsim``); ``study`` is the study file, ``folder`` that of the
    results; both must be seen by the compute nodes under the same path.
    """
    directives = {
        "job-name": name,
        "array": f"1-{job.count}",
        "ntasks": "1",
        "cpus-per-task": str(job.cores),
        "output": str(folder / LOGS / "%A_%a.log"),
        "open-mode": "append",
        "signal": f"TERM@{GRACE}",
        "requeue": "",
        **job.options,
    }
    batch = [*command, "batch", str(study), "--out", str(folder), "--workers", str(job.workers)]
    batch += ["--threads", str(job.threads), "--log"]
    return "\n".join([
        "#!/bin/bash",
        f"# Study {name} in {job.count} jobs, written by floodsim {__version__}. Submit it with: sbatch {SCRIPT}",
        *(f"#SBATCH --{key}" + (f"={_quoted(value)}" if value else "") for key, value in directives.items()),
        "",
        "set -u",
        "# Threads are those of the runs; libraries below must not start their own on top.",
        "export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1 OMP_WAIT_POLICY=PASSIVE",
        f"cd {shlex.quote(str(study.parent))} || exit 2",
        f'srun --ntasks=1 --cpus-per-task={job.cores} {shlex.join(batch)} --share "$SLURM_ARRAY_TASK_ID/{job.count}"',
        "code=$?",
        "# 130: told to end at the time limit. The job goes back into the queue and runs what is left.",
        'if [ "$code" -eq 130 ]; then',
        '    scontrol requeue "${SLURM_ARRAY_JOB_ID}_${SLURM_ARRAY_TASK_ID}"',
        "fi",
        'exit "$code"',
        "",
    ])  # fmt: skip


def _quoted(value: str) -> str:
    """A value as sbatch reads it: in quotes where it holds blanks."""
    return f'"{value}"' if re.search(r"\s", value) else value


def submit(script: Path) -> str:
    """Hand a script to sbatch; returns what it answers. Raises CaseError without sbatch, RunError where it refuses."""
    try:
        done = subprocess.run(["sbatch", str(script)], capture_output=True, text=True, check=False, cwd=script.parent)
    except FileNotFoundError:
        remedy = f"submit on a login node of the cluster: sbatch {script}"
        raise CaseError(Fault("there is no sbatch on this machine", "--submit", remedy=remedy)) from None
    if done.returncode:
        raise RunError(f"sbatch refused {script}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout.strip()


def dask_options(job: Job) -> dict[str, Any]:
    """The same resources as keywords of `dask_jobqueue.SLURMCluster`: one job runs one scenario at a time."""
    known = {DASK_NAMES[key]: value for key, value in job.options.items() if key in DASK_NAMES}
    extra = [f"--{key}" + (f"={value}" if value else "") for key, value in job.options.items() if key not in DASK_NAMES]
    return {"cores": job.threads, **known, "job_extra_directives": extra}
