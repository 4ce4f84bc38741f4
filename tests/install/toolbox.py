"""What the tests of an installation share: a prefix of its own, and commands in it."""
import os
import pathlib
import shutil
import subprocess
import tempfile


def environment(prefix):
    """An integrator's: the host on PATH, and a compiler's cache where this machine has one."""
    out = dict(os.environ, PATH=f"{prefix}/bin:{os.environ['PATH']}")
    if shutil.which("ccache"):
        out.setdefault("CMAKE_CXX_COMPILER_LAUNCHER", "ccache")
    return out


class Installed:
    """A prefix with host, SDK, templates and `more` components, and an empty folder to work in."""

    def __init__(self, build, *more):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="milepost-hour-"))
        self.prefix, self.folder = self.root / "prefix", self.root / "work"
        self.folder.mkdir()
        for component in ("host", "sdk", *more):
            subprocess.run(["cmake", "--install", build, "--prefix", self.prefix, "--component", component], check=True, capture_output=True)
        self.environment = environment(self.prefix)

    def remove(self):
        shutil.rmtree(self.root, ignore_errors=True)

    def run(self, *words, timeout=300, **more):
        return subprocess.run([str(word) for word in words], cwd=self.folder, env=more.pop("env", self.environment), text=True,
                              capture_output=True, timeout=timeout, **more)
