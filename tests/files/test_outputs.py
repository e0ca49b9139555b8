"""Output files are there in whole or not at all."""

from __future__ import annotations

import os
import socket
import stat
from pathlib import Path

import pytest

from sim.files.catalog import find
from sim.files.errors import InputError
from sim.files.outputs import check_apart, check_writable, write_text, writing
from tests.support.command_line import call, check_refused

SMALL = ["--layers", "1", "--seq-len", "40"]


def test_failed_run_leaves_an_old_output_alone(tmp_path: Path) -> None:
    target = tmp_path / "r.json"
    target.write_text("old")
    code, _, _ = call("run", "mamba2", "--set", "sram.capacity=64KiB", "--json", str(target))
    assert code == 2
    assert target.read_text() == "old"


@pytest.mark.parametrize("output", [["--json", "r.json"], ["--trace", "t.json.gz"]], ids=["json", "trace"])
def test_full_disk_is_one_line_and_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, output: list[str]
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sim.files.outputs.os.replace", full)
    code, _, error = call("run", "mamba2", *SMALL, "-q", *output)
    assert (code, error) == (1, "stallscope: output: No space left on device\n")
    assert list(tmp_path.iterdir()) == []


def content(path: Path) -> str:
    return path.read_bytes().decode()


class TestPlainFiles:
    def test_a_new_file_has_the_mode_that_the_process_gives(self, tmp_path: Path) -> None:
        write_text(tmp_path / "new", "text")
        (tmp_path / "other").touch()
        assert (tmp_path / "new").stat().st_mode == (tmp_path / "other").stat().st_mode

    @pytest.mark.parametrize("mode", [0o600, 0o640, 0o444, 0o755])
    def test_a_file_that_is_there_keeps_its_mode(self, tmp_path: Path, mode: int) -> None:
        target = tmp_path / "old"
        target.write_text("old")
        target.chmod(mode)
        write_text(target, "new")
        assert (content(target), target.stat().st_mode & 0o777) == ("new", mode)

    def test_what_a_link_points_to_is_written_and_the_link_stays(self, tmp_path: Path) -> None:
        (tmp_path / "folder").mkdir()
        real, link, far = tmp_path / "folder" / "real", tmp_path / "link", tmp_path / "far"
        real.write_text("old")
        link.symlink_to(real)
        far.symlink_to("link")
        write_text(far, "new")
        assert content(real) == "new" and link.is_symlink() and far.is_symlink()
        assert sorted(path.name for path in tmp_path.rglob("*")) == ["far", "folder", "link", "real"]

    def test_a_link_to_nothing_makes_its_target(self, tmp_path: Path) -> None:
        (tmp_path / "link").symlink_to("real")
        write_text(tmp_path / "link", "new")
        assert content(tmp_path / "real") == "new" and (tmp_path / "link").is_symlink()

    def test_the_longest_name_that_the_system_takes(self, tmp_path: Path) -> None:
        target = tmp_path / ("ü" * 127)
        check_writable(target)
        write_text(target, "new")
        assert content(target) == "new"

    def test_a_block_that_fails_leaves_everything_as_it_was(self, tmp_path: Path) -> None:
        target = tmp_path / "old"
        target.write_text("old")
        with pytest.raises(KeyboardInterrupt), writing(target) as stream:
            stream.write(b"half of it")
            raise KeyboardInterrupt
        assert [(path.name, content(path)) for path in tmp_path.iterdir()] == [("old", "old")]


class TestStreams:
    def test_a_device_stays_one(self) -> None:
        before = os.stat(os.devnull)
        check_writable(Path(os.devnull))
        write_text(Path(os.devnull), "text")
        assert stat.S_ISCHR(os.stat(os.devnull).st_mode) and os.stat(os.devnull).st_ino == before.st_ino

    def test_a_pipe_by_name_is_written_to(self, tmp_path: Path) -> None:
        pipe = tmp_path / "pipe"
        os.mkfifo(pipe)
        reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
        check_writable(pipe)
        write_text(pipe, "text")
        assert os.read(reader, 100) == b"text" and stat.S_ISFIFO(pipe.stat().st_mode)
        os.close(reader)

    @pytest.mark.parametrize("name", ["/dev/fd/{}", "/proc/self/fd/{}"])
    def test_a_descriptor_is_written_to_where_it_stands(self, tmp_path: Path, name: str) -> None:
        with (tmp_path / "file").open("wb") as stream:
            stream.write(b"before, ")
            stream.flush()
            target = Path(name.format(stream.fileno()))
            check_writable(target)
            write_text(target, "after")
        assert content(tmp_path / "file") == "before, after"

    @pytest.mark.parametrize("name", ["-", "/dev/stdout", "/dev/fd/1"])
    def test_standard_output(self, capfd: pytest.CaptureFixture[str], name: str) -> None:
        print("before", end=", ")
        write_text(Path(name), "ü")
        assert capfd.readouterr().out == "before, ü"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        pytest.param("folder", "is a folder, expected a file to write", id="folder"),
        pytest.param("nothing/file", "the folder '{}/nothing' does not exist", id="no folder"),
        pytest.param("file/below", "the folder '{}/file' does not exist", id="below a file"),
        pytest.param("socket", "is neither a file nor something to stream to", id="socket"),
        pytest.param("x" * 300, "cannot be written: File name too long", id="too long"),
        pytest.param("circle", "cannot be written: Too many levels of symbolic links", id="circle of links"),
        pytest.param("/dev/fd/77", "cannot be written: Bad file descriptor", id="closed descriptor"),
    ],
)
def test_what_cannot_be_written_is_said_before(tmp_path: Path, name: str, message: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    (tmp_path / "circle").symlink_to("circle")
    with socket.socket(socket.AF_UNIX) as unix:
        unix.bind(str(tmp_path / "socket"))
        target = tmp_path / name
        with pytest.raises(InputError) as caught:
            check_writable(target)
    assert str(caught.value) == f"{target}: {message.format(tmp_path)}"


class TestApart:
    def test_two_outputs_under_one_name(self, tmp_path: Path) -> None:
        (tmp_path / "link").symlink_to("file")
        for other in ("file", "./file", "link"):
            with pytest.raises(InputError, match="is named for two outputs, expected a file for each"):
                check_apart([tmp_path / "file", tmp_path / other])

    def test_an_output_that_is_read(self, tmp_path: Path) -> None:
        (tmp_path / "in").write_text("kept")
        (tmp_path / "hard").hardlink_to(tmp_path / "in")
        for other in ("in", "hard"):
            with pytest.raises(InputError, match="is read as well"):
                check_apart([tmp_path / "out", tmp_path / other], [tmp_path / "in"])

    def test_nothing_is_nobodys(self) -> None:
        check_apart([Path(os.devnull), Path(os.devnull)])


class TestCommands:
    WORKLOAD = "extends: base.yaml\nlayers: 1\nsequence_length: 8\n"

    @pytest.fixture
    def folder(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        (tmp_path / "base.yaml").write_text(
            find("workload", "mamba2-d96")
            .read_text()
            .replace("extends: mamba2.yaml", f"extends: {find('workload', 'mamba2')}")
        )
        (tmp_path / "w.yaml").write_text(self.WORKLOAD)
        (tmp_path / "m.yaml").write_text(f"extends: {find('machine', 'edge')}\n")
        monkeypatch.chdir(tmp_path)
        return tmp_path

    @pytest.mark.parametrize(
        "outputs",
        [
            pytest.param(["--json", "w.yaml"], id="workload"),
            pytest.param(["--json", "base.yaml"], id="what it extends"),
            pytest.param(["--report", "m.yaml"], id="machine"),
            pytest.param(["--json", "a", "--report", "a"], id="two outputs"),
            pytest.param(["--json", "-", "--report", "/dev/stdout"], id="two on standard output"),
        ],
    )
    def test_what_would_be_lost_is_refused(self, folder: Path, outputs: list[str]) -> None:
        before = {path.name: content(path) for path in folder.iterdir()}
        check_refused(["run", "w.yaml", "--hw", "m.yaml", *outputs], "expected a")
        assert {path.name: content(path) for path in folder.iterdir()} == before

    def test_a_page_on_standard_output_is_alone_there(self, folder: Path) -> None:
        code, output, _ = call("run", "w.yaml", "--hw", "m.yaml", "--report", "-")
        assert code == 0
        assert output.startswith("<!DOCTYPE html>") and output.endswith("</html>\n")
