"""Installs what was built, and builds a plugin against it from a folder of its own, as somebody else would.

Usage: install.py BUILD_FOLDER
"""
import json
import os
import pathlib
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import unittest

BUILD = pathlib.Path(sys.argv.pop(1)).resolve()
OUTSIDE = pathlib.Path(__file__).resolve().parent / "outside"


def run(*command, **more):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=300, **more)
    if done.returncode != 0:
        raise AssertionError(f"{command} ended with {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done.stdout


class Install(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="milepost-install-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.prefix = cls.folder / "prefix"
        run("cmake", "--install", BUILD, "--prefix", cls.prefix)
        cls.source = cls.folder / "parcel"
        shutil.copytree(OUTSIDE, cls.source)
        cls.build = cls.folder / "build"
        run("cmake", "-S", cls.source, "-B", cls.build, "-G", "Ninja", f"-DCMAKE_PREFIX_PATH={cls.prefix}")
        run("cmake", "--build", cls.build)
        cls.library = cls.build / "plugins" / "parcel.so"

    def test_everything_lies_where_a_distribution_would_put_it(self):
        there = {str(path.relative_to(self.prefix)) for path in self.prefix.rglob("*") if path.is_file()}
        for wanted in ["bin/milepost", "lib/milepost/plugins/hubspot.so", "lib/milepost/plugins/hubspot-sandbox.so",
                       "include/milepost/abi.h", "include/milepost/plugin.hpp", "include/milepost/testing/rig.hpp",
                       "lib/cmake/milepost/milepost-config.cmake", "lib/cmake/milepost/milepost-config-version.cmake",
                       "lib/cmake/milepost/MilepostPlugin.cmake", "share/milepost/template/action/acme.cpp", "share/doc/milepost/README.md", "share/doc/milepost/docs/manifest.md",
                       "share/doc/milepost/examples/milepost.yaml"]:
            self.assertIn(wanted, there)
        for path in there:
            self.assertRegex(path, r"^(bin/milepost$|lib/milepost/plugins/|lib/cmake/milepost/|include/milepost/|share/doc/milepost/|share/milepost/template/"
                             r"|share/bash-completion/completions/milepost$|share/zsh/site-functions/_milepost$|share/man/man1/milepost)")

    def test_nothing_that_is_installed_names_the_folder_it_was_built_in(self):
        for path in (self.prefix / "lib" / "cmake").rglob("*.cmake"):
            self.assertNotIn(str(BUILD.parent.parent), path.read_text(), path.name)

    def test_a_change_is_built_in_under_ten_seconds(self):
        source = self.source / "parcel.cpp"
        spent = lambda: sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2])  # other tests run at the same time
        for attempt in range(6):
            source.write_text(source.read_text() + f"// change {attempt}\n")
            begin = spent()
            run("cmake", "--build", self.build, "--target", "parcel")
            took = spent() - begin
            print(f"parcel.so was built again in {took:.1f} s", file=sys.stderr)
            if took < 10:
                break
        self.assertLess(took, 10)

    def test_the_plugin_needs_the_c_and_cpp_runtime_alone(self):
        needed = set(re.findall(r"NEEDED.*\[(.*)\]", run("readelf", "-d", self.library)))
        self.assertLessEqual(needed, {"libc.so.6", "libm.so.6", "libstdc++.so.6", "libgcc_s.so.1", "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1"})
        undefined = re.findall(r"^\s+([Uw]) (\S+)$", run("nm", "-D", "--undefined-only", self.library), re.M)
        # Weak ones may stay open: the compiler's own hooks.
        strange = [name for kind, name in undefined if kind == "U" and not re.search(r"@(GLIBC|GLIBCXX|CXXABI|GCC)_", name)]
        self.assertEqual(strange, [])
        self.assertRegex(run("nm", "-D", "--defined-only", self.library), r"^\S+ \w milepost_plugin_v1\n$")

    def test_the_plugin_s_own_test_passes(self):
        run("ctest", "--test-dir", self.build, "--output-on-failure")

    def test_the_installed_host_finds_it_beside_its_own(self):
        run("cmake", "--install", self.build, "--prefix", self.prefix)
        config = self.folder / "config"
        config.mkdir()
        listed = json.loads(run(self.prefix / "bin" / "milepost", "plugins", "list", "--json", "--config", config))
        self.assertEqual(listed["refused"], [])
        by_name = {plugin["name"]: plugin for plugin in listed["installed"]}
        self.assertIn("hubspot", by_name)
        self.assertEqual(os.path.realpath(by_name["parcel"]["path"]), os.path.realpath(self.prefix / "lib/milepost/plugins/parcel.so"))

    def test_another_minor_is_refused_with_both_versions(self):
        other = self.folder / "other"
        other.mkdir()
        (other / "CMakeLists.txt").write_text("cmake_minimum_required(VERSION 3.25)\nproject(x NONE)\nfind_package(milepost 0.2 REQUIRED)\n")
        done = subprocess.run(["cmake", "-S", other, "-B", other / "build", f"-DCMAKE_PREFIX_PATH={self.prefix}"], capture_output=True, text=True)
        self.assertNotEqual(done.returncode, 0)
        self.assertRegex(re.sub(r"\s+", " ", done.stderr), r'requested version "0\.2".*version: 0\.1\.0')


if __name__ == "__main__":
    unittest.main(verbosity=2)
