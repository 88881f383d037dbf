"""The sbatch script: sound shell, sound options, and run as SLURM would run it, with srun and scontrol played."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

import floodsim
from floodsim.cli import main
from floodsim.errors import CaseError
from floodsim.study.pool import Workers, slurm_cluster
from floodsim.study.slurm import Job, dask_options, read_options, sbatch_script
from tests.study.yard import write_study
from tests.system.conftest import ROOT

SRUN = '#!/bin/bash\nwhile [[ "$1" == --* ]]; do shift; done\nexec "$@"\n'
STOPPED = "#!/bin/bash\nexit 130\n"
SCONTROL = '#!/bin/bash\necho "$@" >> "$PLAYED"\n'
SBATCH = '#!/bin/bash\necho "Submitted batch job 7 $1" | tee -a "$PLAYED"\n'


def play(folder: Path, **programs: str) -> dict[str, str]:
    """Environment in which programs of SLURM are played by scripts."""
    folder.mkdir(exist_ok=True)
    for name, text in programs.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    return {
        **os.environ,
        "PATH": f"{folder}:{os.environ['PATH']}",
        "PLAYED": str(folder / "played"),
        "PYTHONPATH": str(ROOT),
    }


def test_the_script_is_sound_shell_with_the_resources_asked_for(tmp_path: Path) -> None:
    folder = tmp_path / "my results"
    options = read_options(["time=12:00:00", "--partition=normal", "exclusive", "comment=two words"])
    job = Job(count=20, workers=2, threads=8, options=options)
    text = sbatch_script("storms", ["/opt/py thon", "-m", "floodsim"], tmp_path / "it's.toml", folder, job)
    script = tmp_path / "batch.sbatch"
    script.write_text(text)
    subprocess.run(["bash", "-n", str(script)], check=True)
    lines = text.splitlines()
    for directive in ("--array=1-20", "--cpus-per-task=16", "--time=12:00:00", "--partition=normal", "--exclusive",
                      "--signal=TERM@180", "--requeue", '--comment="two words"',
                      f'--output="{folder}/slurm/%A_%a.log"'):  # fmt: skip
        assert f"#SBATCH {directive}" in lines
    last_directive = max(k for k, line in enumerate(lines) if line.startswith("#SBATCH"))
    assert not any(line and not line.startswith("#") for line in lines[:last_directive]), "sbatch stops at a command"
    assert "'/opt/py thon' -m floodsim batch" in text and "--workers 2 --threads 8" in text


def test_options_that_are_wrong_or_ours(tmp_path: Path) -> None:
    with pytest.raises(CaseError) as caught:
        read_options(["array=1-5", "Time=1", "mem=", "account=a"])
    found = [str(fault) for fault in caught.value.faults]
    assert len(found) == 3
    assert "set by the script itself" in found[0] and "not an option of sbatch" in found[1]


def test_two_jobs_of_the_array_run_all_scenarios_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    values = ", ".join(f"{0.02 + 0.01 * k:.2f}" for k in range(3))
    file = write_study(
        tmp_path, f'[[axes]]\nname = "n"\nkey = "grid.roughness"\nvalues = [{values}]\n', keep='"figures"'
    )
    out = tmp_path / "out"
    assert main(["batch", str(file), "--out", str(out), "--slurm", "--jobs", "2", "--sbatch", "time=10"]) == 0
    assert "2 of 1 cores" in capsys.readouterr().out
    assert not list((out / "scenarios").iterdir()), "nothing is run or submitted unasked"
    environment = play(tmp_path / "bin", srun=SRUN, scontrol=SCONTROL)
    counts = []
    for task in ("1", "2"):
        ran = subprocess.run(
            ["bash", str(out / "batch.sbatch")], capture_output=True, text=True, check=False,
            env={**environment, "SLURM_ARRAY_TASK_ID": task, "SLURM_ARRAY_JOB_ID": "7"},
        )  # fmt: skip
        assert ran.returncode == 0, ran.stderr
        counts.append(ran.stderr.count("  complete"))
    assert counts == [2, 1]
    with floodsim.open_study(out) as data:
        assert (data["status"] == "complete").all() and data.sizes["scenario"] == 3
    assert not (tmp_path / "bin" / "played").exists(), "a job that is done is not put back into the queue"


def test_a_job_at_its_time_limit_goes_back_into_the_queue(tmp_path: Path) -> None:
    script = tmp_path / "batch.sbatch"
    script.write_text(sbatch_script("storms", ["floodsim"], tmp_path / "s.toml", tmp_path / "out", Job(3)))
    environment = play(tmp_path / "bin", srun=STOPPED, scontrol=SCONTROL)
    task = {"SLURM_ARRAY_TASK_ID": "2", "SLURM_ARRAY_JOB_ID": "7"}
    ran = subprocess.run(["bash", str(script)], env={**environment, **task}, check=False)
    assert ran.returncode == 130
    assert (tmp_path / "bin" / "played").read_text() == "requeue 7_2\n"


def test_submit_hands_the_script_to_sbatch_or_says_that_there_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file, out = write_study(tmp_path, "[matrix]\norder = [1]\n"), tmp_path / "out"
    command = ["batch", str(file), "--out", str(out), "--slurm", "--submit"]
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main(command) == 2
    assert "there is no sbatch on this machine" in capsys.readouterr().err
    for name, value in play(tmp_path / "bin", sbatch=SBATCH).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/bin:/usr/bin")
    assert main(command) == 0
    assert f"Submitted batch job 7 {out}/batch.sbatch" in capsys.readouterr().out


def test_workers_as_slurm_jobs_ask_for_the_same_resources() -> None:
    pytest.importorskip("dask_jobqueue")
    job = Job(4, 1, 8, read_options(["partition=normal", "time=02:00:00", "mem=6GB", "exclusive"]))
    with slurm_cluster(Workers(4, "slurm", dask_options(job))) as cluster:
        text = cluster.job_script()
    for part in ("-p normal", "-t 02:00:00", "--cpus-per-task=8", "--mem=6G", "--exclusive", "--nthreads 1"):
        assert part in text, text
