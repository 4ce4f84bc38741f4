"""`milepost plugins new` and `dev`: what is written builds and proves itself as written, and nothing is left of what failed.

Usage: scaffold.py BUILD_FOLDER
"""
import pathlib
import queue
import stat
import subprocess
import sys
import threading
import unittest

from toolbox import Installed

BUILD = pathlib.Path(sys.argv.pop(1)).resolve()


class Scaffold(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.installed = Installed(BUILD)
        cls.addClassCleanup(cls.installed.remove)
        cls.folder = cls.installed.folder

    def refused(self, words, *arguments, status=1, **more):
        before = sorted(path.name for path in self.folder.iterdir())
        done = self.installed.run("milepost", "plugins", "new", *arguments, **more)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        self.assertIn(words, done.stderr)
        self.assertEqual(sorted(path.name for path in self.folder.iterdir()), before, "something was left behind")

    def test_names_that_cannot_be(self):
        self.refused("cannot be a name", "Acme!", status=2)
        self.refused("the double's", "acme-sandbox", status=2)
        self.refused("webhook or poll", "acme", "--source", "pull", status=2)
        self.refused("begins with an action or a source", "acme", "--source", "poll", "--action", "send", status=2)

    def test_a_folder_that_is_there_is_left_alone(self):
        (self.folder / "taken").mkdir(exist_ok=True)
        self.refused("is there already", "taken")

    def test_a_machine_that_cannot_build_is_told_what_is_missing(self):
        with_compiler = lambda path: dict(self.installed.environment, CXX=path)
        self.refused("is not found: install g++ 12", "acme", env=with_compiler("/nowhere/c++"))
        self.refused("does not compile C++23", "acme", env=with_compiler("/bin/false"))
        self.refused("cmake is not found", "acme", env=dict(self.installed.environment, PATH=f"{self.installed.prefix}/bin"))

    def make(self, name, *arguments):
        """Written, built and played; what it showed."""
        made = self.installed.run("milepost", "plugins", "new", name, *arguments)
        self.assertEqual(made.returncode, 0, made.stderr)
        self.assertEqual(stat.S_IMODE((self.folder / name / "sample/secrets.yaml").stat().st_mode), 0o600)
        played = self.installed.run("milepost", "plugins", "dev", name, "--once")
        self.assertEqual(played.returncode, 0, played.stdout + played.stderr)
        sample = self.installed.run("milepost", "check", "--config", f"{name}/sample")
        self.assertEqual(sample.returncode, 0, sample.stdout)
        return played.stdout

    def proves_itself(self, name):
        """Its own tests, and the conformance checks, pass as they were written."""
        built = self.installed.run("cmake", "--build", f"{name}/build")
        self.assertEqual(built.returncode, 0, built.stdout)
        tested = self.installed.run("ctest", "--test-dir", f"{name}/build", "--output-on-failure")
        self.assertEqual(tested.returncode, 0, tested.stdout)
        self.assertIn("out of 2", tested.stdout)

    def test_a_polling_source(self):
        self.assertIn("event c-3, type meter.closed", self.make("meter", "--source", "poll"))
        self.proves_itself("meter")

    def test_a_webhook_source_and_the_loop_of_its_author(self):
        self.assertIn("event c-1, type loan-desk.paid", self.make("loan-desk", "--source", "webhook"))
        self.proves_itself("loan-desk")
        source = self.folder / "loan-desk/loan-desk.cpp"
        sound = source.read_text()
        loop = subprocess.Popen(["milepost", "plugins", "dev", "loan-desk"], cwd=self.folder, env=self.installed.environment, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.addCleanup(loop.wait)
        self.addCleanup(loop.kill)
        lines = queue.Queue()
        threading.Thread(target=lambda: [lines.put(line) for line in loop.stdout], daemon=True).start()

        def turn():
            shown = ""
            while "Ctrl-C ends it" not in shown:
                shown += lines.get(timeout=120)
            return shown

        self.assertIn("\nok\n", turn())
        source.write_text(sound.replace("std::vector<Event> events;", "std::vector<Event> events;\n    *static_cast<volatile int*>(nullptr) = 1;"))
        crashed = turn()
        self.assertIn("CRASHED: SIGSEGV", crashed)
        self.assertIn("loan-desk.hook is called", crashed)
        source.write_text(sound.replace("std::vector<Event> events;", "std::vector<Event> events"))
        broken = turn()
        self.assertIn("error:", broken)
        self.assertIn("loan-desk does not build", broken)
        source.write_text(sound)
        self.assertIn("\nok\n", turn())


if __name__ == "__main__":
    unittest.main(verbosity=2)
