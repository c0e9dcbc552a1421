"""Tests of the checks: each finds the defect that is planted for it, and passes what is right."""

import contextlib
import io
import os
import shutil
import subprocess
import tempfile
import unittest

import check
import hygiene
import include_rules
import includes
import style
import tree

STYLE = "BasedOnStyle: Google\nColumnLimit: 100\n"


class TreeTestCase(unittest.TestCase):
    """A tree of files that exists for one test."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = folder.name

    def write(self, path, text, mode=0o644):
        whole = os.path.join(self.root, path)
        os.makedirs(os.path.dirname(whole), exist_ok=True)
        with open(whole, "wb") as stream:
            stream.write(text if isinstance(text, bytes) else text.encode())
        os.chmod(whole, mode)

    def read(self, path):
        with open(os.path.join(self.root, path), encoding="utf-8") as stream:
            return stream.read()

    def found(self, checker):
        return [tree.show(v) for v in checker(self.root, tree.files(self.root))]


class IncludesTest(TreeTestCase):
    def include(self, path, *lines):
        """What the check says of a file with these includes."""
        self.write(path, "".join("#include %s\n" % line for line in lines))
        return self.found(includes.check_includes)

    def accepts(self, path, *lines):
        self.assertEqual(self.include(path, *lines), [])

    def refuses(self, path, line, message):
        self.assertEqual(self.include(path, "<cstdint>" if not path.startswith("kernel/shim")
                                      else "<linux/pci.h>", line),
                         ["%s:2: includes: %s" % (path, message)])

    def test_core_may_include_its_own_folder_and_what_lies_below(self):
        self.accepts("core/ring/filter.cc", '"core/ring/filter.h"', '"core/memory/pool.h"',
                     '"core/platform/untrusted.h"', "<cstdint>", "<net/netmap.h>")

    def test_every_edge_of_core_that_is_not_listed_is_refused(self):
        for folder, edges in include_rules.CORE_EDGES.items():
            for other in ("abi", *include_rules.CORE_EDGES):
                path = "core/%s/a.cc" % folder
                line = '"core/%s/b.h"' % other
                if other == folder or other in edges or "*" in edges:
                    self.accepts(path, line)
                else:
                    self.refuses(path, line,
                                 "core/%s may not include core/%s/b.h" % (folder, other))
            os.remove(os.path.join(self.root, path))

    def test_core_includes_nothing_outside_core(self):
        for folder in ("drivers/e1000", "sim/engine", "kernel/platform", "testing/gtest",
                       "tools/libnetmap", "platform_backend"):
            self.refuses("core/control/session.cc", '"%s/x.h"' % folder,
                         "core/control may not include %s/x.h" % folder)
            self.refuses("core/control/session.cc", "<%s/x.h>" % folder,
                         "core/control may not include %s/x.h" % folder)

    def test_only_freestanding_headers_in_core_and_drivers(self):
        for path, zone in (("core/base/a.h", "core/base"), ("drivers/igb/a.cc", "driver")):
            for header in ("vector", "string", "mutex", "cstdio", "stdint.h", "unistd.h",
                           "sys/mman.h", "linux/pci.h"):
                self.refuses(path, "<%s>" % header,
                             "%s may not include <%s>: not a freestanding header" % (zone, header))
            os.remove(os.path.join(self.root, path))

    def test_only_the_platform_folder_completes_itself_by_the_backend(self):
        self.accepts("core/platform/spin_lock.h", '"platform_backend/spin_lock.h"')
        self.refuses("core/ring/a.cc", '"platform_backend/spin_lock.h"',
                     "core/ring may not include platform_backend/spin_lock.h")

    def test_public_headers_may_include_what_programs_have(self):
        self.accepts("core/abi/net/netmap_user.h", "<stdint.h>", "<sys/mman.h>",
                     "<net/netmap.h>")
        self.refuses("core/abi/net/netmap_user.h", '"core/base/status.h"',
                     "core/abi may not include core/base/status.h")

    def test_public_headers_are_core_abi_under_any_name(self):
        self.refuses("core/hw/a.h", "<net/netmap.h>",
                     "core/hw may not include core/abi/net/netmap.h")

    def test_tests_of_core_may_use_libraries_but_no_driver(self):
        self.accepts("core/ring/filter_test.cc", "<gtest/gtest.h>", "<vector>",
                     '"testing/world.h"', '"core/nic/port.h"')
        self.refuses("core/ring/filter_test.cc", '"drivers/igb/igb.h"',
                     "tests of core may not include drivers/igb/igb.h")

    def test_a_driver_sees_its_contract_and_itself(self):
        self.accepts("drivers/igb/igb.cc", '"drivers/igb/igb_regs.h"', '"core/nic/driver.h"',
                     '"core/hw/field.h"', '"core/base/status.h"', '"core/platform/mmio.h"')
        for target in ("drivers/e1000/e1000_regs.h", "core/ring/ring.h", "core/memory/pool.h",
                       "core/control/session.h", "sim/engine/event.h"):
            self.refuses("drivers/igb/igb.cc", '"%s"' % target,
                         "driver may not include " + target)

    def test_registers_bring_nothing_of_their_driver(self):
        self.accepts("drivers/igb/igb_regs.h", '"core/hw/field.h"')
        self.refuses("drivers/igb/igb_regs.h", '"drivers/igb/igb.h"',
                     "registers of a driver may not include drivers/igb/igb.h")

    def test_the_registry_knows_all_drivers(self):
        self.accepts("drivers/registry.cc", '"drivers/igb/igb.h"', '"drivers/registry.h"')

    def test_a_model_sees_the_registers_of_a_driver_and_nothing_else_of_it(self):
        self.accepts("sim/nic/e1000/model.cc", '"drivers/e1000/e1000_regs.h"', "<vector>",
                     '"core/hw/field.h"', '"sim/engine/event.h"')
        for target in ("drivers/e1000/e1000_desc.h", "drivers/registry.h", "core/ring/ring.h",
                       "core/nic/driver.h", "testing/x.h"):
            self.refuses("sim/nic/e1000/model.cc", '"%s"' % target,
                         "model NIC may not include " + target)

    def test_the_simulator_knows_core_and_the_registry_only(self):
        self.accepts("sim/engine/a.cc", '"core/ring/ring.h"', '"drivers/registry.h"', "<vector>")
        for target in ("testing/x.h", "drivers/igb/igb.h", "tools/x/x.h", "kernel/x.h"):
            self.refuses("sim/engine/a.cc", '"%s"' % target, "sim may not include " + target)

    def test_world_demo_and_testing_may_include_everything(self):
        for path in ("sim/world/a.cc", "sim/demo/a.cc", "testing/conformance/a.cc"):
            self.accepts(path, '"drivers/igb/igb.h"', '"testing/x.h"', '"core/vale/x.h"',
                         '"sim/nic/x.h"', "<vector>")

    def test_the_shim_sees_linux_itself_and_the_border(self):
        self.accepts("kernel/shim/pci.c", "<linux/pci.h>", '"kernel/os_abi.h"', "<asm/io.h>",
                     '"kernel/shim/shim.h"')
        self.refuses("kernel/shim/pci.c", '"kernel/module/nic.h"',
                     "kernel/shim may not include kernel/module/nic.h")
        self.refuses("kernel/shim/pci.c", '"core/ring/ring.h"',
                     "kernel/shim may not include core/ring/ring.h")
        self.refuses("kernel/shim/pci.c", "<stdio.h>",
                     "kernel/shim may not include the system header <stdio.h>")

    def test_only_the_shim_sees_linux(self):
        self.refuses("kernel/platform/a.cc", "<linux/spinlock.h>", "kernel may not include "
                     "<linux/spinlock.h>: not a freestanding header")

    def test_tools_see_the_public_headers_and_libnetmap(self):
        self.accepts("tools/pktgen/main.cc", "<net/netmap_user.h>", '"tools/libnetmap/lib.h"',
                     '"tools/pktgen/options.h"', "<sys/poll.h>")
        for target in ("core/ring/ring.h", "sim/engine/a.h", "tools/bridge/a.h"):
            self.refuses("tools/pktgen/main.cc", '"%s"' % target,
                         "tools may not include " + target)

    def test_a_folder_without_rule_is_told(self):
        self.assertEqual(self.include("core/extra/a.cc"), [
            "core/extra/a.cc:1: includes: no rule for this folder in include_rules.py"])

    def test_short_names_are_the_file_beside_or_nothing(self):
        self.write("core/ring/near.h", "")
        self.accepts("core/ring/a.cc", '"near.h"')
        self.refuses("core/ring/a.cc", '"far.h"', "core/ring may not include far.h")

    def test_no_way_around_by_dots_or_macros(self):
        self.refuses("core/ring/a.cc", '"core/ring/../vale/b.h"',
                     "includes are written from the root, without ..")
        self.refuses("core/ring/a.cc", "HEADER", "an include that is computed by a macro")

    def test_comments_are_not_code_and_spelling_does_not_hide(self):
        self.write("core/ring/a.cc", '// #include <vector>\n/*\n#include <vector>\n*/\n'
                   'const char* k = "/*";\n  #  include  \\\n  <vector> // why\n')
        self.assertEqual(self.found(includes.check_includes), [
            "core/ring/a.cc:6: includes: core/ring may not include <vector>: "
            "not a freestanding header"])

    def test_platform_conditions(self):
        for line in ("#ifdef __KERNEL__", "#if defined(__linux__)", "# if 1 && \\\n __linux__",
                     "#ifndef __SANITIZE_ADDRESS__", "#elif MAPWIRE_BACKEND == 2",
                     "#if __has_feature(address_sanitizer)", "#ifdef MAPWIRE_COST"):
            for path in ("core/ring/a.cc", "core/ring/a_test.cc", "drivers/igb/a.cc"):
                self.write(path, "\n" + line + "\n#endif\n")
                self.assertRegex("\n".join(self.found(includes.check_includes)),
                                 r"^%s:2: includes: #if on the platform" % path)
                os.remove(os.path.join(self.root, path))
        for path in ("core/platform/a.h", "core/abi/net/netmap.h", "sim/engine/a.cc"):
            self.write(path, "#ifdef __KERNEL__\n#endif\n")
        self.write("core/ring/a.h", "#ifndef MAPWIRE_CORE_RING_A_H_\n#if 0  // __KERNEL__\n")
        self.write("core/memory/b.h", "#ifndef MAPWIRE_CORE_MEMORY_BACKEND_H_\n")
        self.assertEqual(self.found(includes.check_includes), [])


class StyleTest(TreeTestCase):
    def text(self, path, text, mode=0o644):
        self.write(path, text, mode)
        return self.found(style.check_text)

    def test_good_text(self):
        self.assertEqual(self.text("a.cc", "int a;\n\nint b;\n" + "x" * 100 + "\n"), [])

    def test_planted_text_defects(self):
        for text, message in (
                ("int\ta;\n", "1: text: a tab"),
                ("int a; \n", "1: text: blanks at the end of the line"),
                ("int a;\r\n", "1: text: blanks at the end of the line"),
                ("\nint a;", "2: text: no newline at the end"),
                ("int a;\n\n", "2: text: empty lines at the end"),
                ("x" * 101 + "\n", "1: text: 101 columns, at most 100")):
            self.assertEqual(self.text("a.cc", text), ["a.cc:" + message])

    def test_documents_may_have_long_lines_and_tables_tabs(self):
        self.assertEqual(self.text("a.md", "x" * 200 + "\n"), [])
        self.assertEqual(self.text("a.tsv", "a\tb\n"), [])

    def test_recorded_files_are_left_alone(self):
        self.assertEqual(self.text("tools/x/fixtures/a.txt", "a\t \n\n"), [])

    def test_executable_bits(self):
        self.assertEqual(self.text("a.sh", "#!/bin/sh\n"),
                         ["a.sh:1: text: a script that is not executable"])
        self.assertEqual(self.text("a.sh", "echo\n", 0o755),
                         ["a.sh:1: text: executable, but no script"])
        self.assertEqual(self.text("a.sh", "#!/bin/sh\n", 0o755), [])

    def test_fix_mends_all_of_it(self):
        self.write("a.sh", "#!/bin/sh\r\necho  \n\n")
        self.write("b.cc", "int a;")
        paths = tree.files(self.root)
        style.fix_text(self.root, paths)
        self.assertEqual(self.found(style.check_text), [])
        self.assertEqual(self.read("a.sh"), "#!/bin/sh\necho\n")

    @unittest.skipUnless(shutil.which("clang-format"), "needs clang-format")
    def test_format_names_file_and_line_and_fix_mends_it(self):
        self.write(".clang-format", STYLE)
        self.write("core/a.cc", "int a;\nint   b;\n")
        self.write("core/good.h", "int a;\n")
        self.write("core/fixtures/a.cc", "int   b;\n")
        self.assertEqual(self.found(style.check_format), [
            "core/a.cc:2: format: not as clang-format would have it (./mapwire format)"])
        style.fix_format(self.root, tree.files(self.root))
        self.assertEqual(self.found(style.check_format), [])
        self.assertEqual(self.read("core/a.cc"), "int a;\nint b;\n")

    @unittest.skipUnless(shutil.which("clang-format"), "needs clang-format")
    def test_a_clang_format_that_fails_is_a_violation(self):
        self.write(".clang-format", "BasedOnStyle: Nobody\n")
        self.write("core/a.cc", "int a;\n")
        self.assertEqual(len(self.found(style.check_format)), 1)


class HygieneTest(TreeTestCase):
    def hygiene(self, path, text):
        self.write(path, text)
        found = self.found(hygiene.check_hygiene)
        os.remove(os.path.join(self.root, path))
        return found

    def test_good_files(self):
        self.assertEqual(self.hygiene(
            "docs/a.md", "See https://www.kernel.org/doc/ and $root/home/x, core/work/x, "
            "/usr/lib, /dev/netmap, Debian, the debian package\n"), [])

    def test_paths_of_one_machine(self):
        for folder in ("work", "root", "home"):
            path = "/" + folder + "/x"
            self.assertEqual(self.hygiene("docs/a.md", "\nin %s there\n" % path), [
                "docs/a.md:2: hygiene: a path of one machine: /%s/" % folder])

    def test_mirrors_and_registries(self):
        for host in ("deb" + ".debian.org", "archive" + ".ubuntu.com", "ftp.de" + ".debian.org",
                     "pypi" + ".org", "registry.npm" + "js.org", "files.pythonhosted" + ".org",
                     "https://mirror.example" + "/debian", "http://host:80" + "/simple/x"):
            found = self.hygiene("core/a.sh", "curl %s\n" % host)
            self.assertEqual(len(found), 1, (host, found))
            self.assertIn("core/a.sh:1: hygiene: a package", found[0])

    def test_the_top_level_is_as_designed(self):
        self.assertEqual(self.hygiene("notes.txt", "x\n"),
                         ["notes.txt:1: hygiene: notes.txt has no place at the top"])
        self.assertEqual(self.hygiene("src/a.cc", "x\n"),
                         ["src/a.cc:1: hygiene: src has no place at the top"])

    def test_nothing_generated(self):
        self.assertEqual(self.hygiene("core/a.o", "x\n"),
                         ["core/a.o:1: hygiene: a generated file"])
        self.assertEqual(self.hygiene("core/program", b"\x7fELF\x02\x01"),
                         ["core/program:1: hygiene: a compiled program"])

    @unittest.skipUnless(shutil.which("git"), "needs git")
    def test_a_file_that_is_ignored_and_added_all_the_same(self):
        self.write(".gitignore", "*.out\n")
        self.write("docs/a.out", "x\n")
        git = ["git", "-C", self.root]
        subprocess.run(git + ["init", "-q"], check=True)
        subprocess.run(git + ["add", "-f", ".gitignore", "docs/a.out"], check=True)
        self.assertEqual(self.found(hygiene.check_hygiene), [
            "docs/a.out:1: hygiene: committed, although .gitignore names it"])

    def test_visibility(self):
        rule = 'cc_library(name = "a"%s)\n'
        package = 'package(default_visibility = ["//visibility:private"])\n'
        self.assertEqual(self.hygiene("core/BUILD", package + rule % ""), [])
        self.assertEqual(self.hygiene("core/BUILD", 'load(":a.bzl", "x")\nNAMES = ["a"]\n'
                                      'exports_files(["a"])\n' + rule % ", visibility = []"), [])
        self.assertEqual(self.hygiene("core/BUILD", 'cc_test(name = "a_test")\n'), [])
        self.assertEqual(self.hygiene("core/BUILD", "\n" + rule % ""),
                         ["core/BUILD:2: hygiene: cc_library without visibility"])
        self.assertEqual(self.hygiene("core/BUILD", "[x(name = n) for n in N]\n"),
                         ["core/BUILD:1: hygiene: x without visibility"])
        self.assertIn("not a BUILD file", self.hygiene("core/BUILD", "x(\n")[0])


class MainTest(TreeTestCase):
    def main(self, *args):
        output = io.StringIO()
        with contextlib.redirect_stdout(output):
            code = check.main(["--root", self.root, *args])
        return code, output.getvalue()

    def test_passes_fails_and_counts(self):
        tally = os.path.join(self.root, ".cache", "tally")
        self.write("docs/a.md", "text\n")
        os.makedirs(os.path.dirname(tally))
        self.assertEqual(self.main("--tally", tally, "text", "hygiene"),
                         (0, "check text: passed\ncheck hygiene: passed\n"))
        self.write("docs/a.md", "text \n")
        code, output = self.main("--tally", tally, "text", "hygiene")
        self.assertEqual(code, 1)
        self.assertIn("docs/a.md:1: text: blanks at the end of the line\n"
                      "check text: 1 violations\n", output)
        self.assertEqual(self.read(".cache/tally"), "checks\t2\t0\nchecks\t1\t1\n")

    def test_an_empty_tree_is_a_failure(self):
        self.assertEqual(self.main("text")[0], 1)

    def test_an_unknown_check_is_wrong_usage(self):
        with contextlib.redirect_stderr(io.StringIO()):
            with self.assertRaises(SystemExit) as raised:
                self.main("nonsense")
        self.assertEqual(raised.exception.code, 2)

    @unittest.skipUnless(shutil.which("git"), "needs git")
    def test_files_that_are_not_yet_added_are_checked_and_ignored_ones_are_not(self):
        subprocess.run(["git", "-C", self.root, "init", "-q"], check=True)
        self.write(".gitignore", "/.cache/\n")
        self.write(".cache/a.md", "x \n")
        self.write("docs/new.md", "x\n")
        os.symlink("nowhere", os.path.join(self.root, "docs", "link"))
        self.assertEqual(tree.files(self.root), [".gitignore", "docs/new.md"])


if __name__ == "__main__":
    unittest.main()
