"""Plays at a time: what was asked for, what the processors take, what fits into memory."""

import os
from pathlib import Path

import pytest

from kitto.base.capacity import at_once


def told(folder: Path, megabytes: int) -> Path:
    path = folder / "meminfo"
    path.write_text(f"MemTotal: 99 kB\nMemAvailable: {megabytes * 1024} kB\n")
    return path


@pytest.mark.parametrize(("megabytes", "fit"), [(50, 1), (350, 3), (100_000, 4)])
def test_no_more_plays_than_fit_into_memory(tmp_path: Path, megabytes: int, fit: int) -> None:
    wanted = min(4, 4 * len(os.sched_getaffinity(0)))
    assert at_once(wanted, told(tmp_path, megabytes), tmp_path) == fit


def test_no_more_plays_than_processors_take(tmp_path: Path) -> None:
    cores = len(os.sched_getaffinity(0))
    assert at_once(10_000, told(tmp_path, 10_000_000), tmp_path) == 4 * cores


def test_the_limit_of_a_container_counts(tmp_path: Path) -> None:
    (tmp_path / "memory.max").write_text(str(500 * 1024**2))
    (tmp_path / "memory.current").write_text(str(280 * 1024**2))
    assert at_once(4, told(tmp_path, 10_000), tmp_path) == 2
    (tmp_path / "memory.max").write_text("max\n")
    assert at_once(4, told(tmp_path, 10_000), tmp_path) == 4
