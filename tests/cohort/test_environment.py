"""What `bitflow doctor` finds, with installations that are not this one."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bitflow import environment
from bitflow.environment import examine, find_whisperx, whisperx_commands


def pretend(monkeypatch: pytest.MonkeyPatch, **versions: str | None) -> None:
    known = environment._version
    changed = {name.replace("_", "-"): version for name, version in versions.items()}
    monkeypatch.setattr(environment, "_version", lambda name: changed[name] if name in changed else known(name))


def test_two_onnxruntimes_are_noticed_with_the_two_commands_that_mend_it(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, onnxruntime="1.20", onnxruntime_gpu="1.20")
    (advice,) = [sentence for sentence in examine().advice if "overwrite" in sentence]
    assert "pip uninstall -y onnxruntime onnxruntime-gpu; then pip install onnxruntime-gpu" in advice


def test_two_opencvs_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, opencv_python="4.10", opencv_python_headless="4.10")
    assert any("pip uninstall -y opencv-python-headless opencv-python" in said for said in examine().advice)


def test_an_extra_that_is_missing_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, faster_whisper=None)
    extra = next(extra for extra in examine().extras if extra.name == "asr")
    assert not extra.installed
    assert any(requirement.startswith("faster-whisper") for requirement in extra.missing)


def test_the_runtime_for_gpus_stands_in_for_the_one_without(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, onnxruntime=None, onnxruntime_gpu="1.31")
    found = examine()
    assert ("onnxruntime-gpu", "1.31") in [(package.name, package.version) for package in found.packages]
    assert not any("the core lacks" in sentence for sentence in found.advice)


def test_a_gpu_is_brought_by_taking_the_other_runtime_away_first() -> None:
    extra = next(extra for extra in examine().extras if extra.name == "gpu")
    if extra.installed or not extra.missing:
        pytest.skip("onnxruntime-gpu is installed here, or there is none for this platform")
    assert extra.remedy.startswith("pip uninstall -y onnxruntime && pip install ")
    assert "onnxruntime-gpu" in extra.remedy


def test_providers_and_hardware_decoders_are_listed() -> None:
    found = examine().as_dict()
    assert "CPUExecutionProvider" in found["providers"]
    assert all(decoder["detail"] for decoder in found["decoders"])


def test_a_core_package_that_is_missing_is_named_first(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, scipy=None)
    assert examine().advice[0] == "the core lacks scipy: pip install scipy"


def test_whisperx_is_found_where_our_own_commands_put_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BITFLOW_CACHE", str(tmp_path))
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("BITFLOW_WHISPERX", raising=False)
    assert find_whisperx() is None
    pip = Path(whisperx_commands()[1].split()[0])
    program = pip.with_name("whisperx")
    program.parent.mkdir(parents=True)
    program.write_text("")
    program.chmod(0o755)
    assert find_whisperx() == str(program)
    assert os.fspath(tmp_path) in whisperx_commands()[0]
