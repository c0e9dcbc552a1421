"""Tests of symbols.py on objects the machine's compiler makes of planted defects."""

import os
import subprocess
import tempfile
import unittest

import symbols

HERE = os.path.dirname(os.path.abspath(__file__))
with open(os.path.join(HERE, "allowed_symbols.txt"), encoding="utf-8") as stream:
    ALLOWED, PREFIXES = symbols.read_allowed(stream.read())


class SymbolsTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def compile(self, name, source, *flags):
        path = os.path.join(self.folder, name + ".o")
        subprocess.run(["g++", "-std=c++20", "-O2", "-ffreestanding", "-fno-exceptions",
                        "-fno-rtti", *flags, "-x", "c++", "-", "-c", "-o", path],
                       input=source, universal_newlines=True, check=True)
        return path

    def archive(self, *objects):
        path = os.path.join(self.folder, "lib.a")
        subprocess.run(["ar", "rcs", path, *objects], check=True)
        return path

    def messages(self, *paths):
        return [v.message for v in symbols.check(list(paths), ALLOWED, PREFIXES)]

    def test_what_the_compiler_and_the_seam_give_is_allowed(self):
        self.assertEqual(self.messages(self.compile("good", """
            namespace mapwire::platform { void Yield(); struct Clock { int Now() const; }; }
            struct Block { char bytes[4096]; };
            void Copy(Block& a, const Block& b) { a = b; mapwire::platform::Yield(); }
            int Now(const mapwire::platform::Clock& clock) { return clock.Now(); }
            struct Base { virtual ~Base() = default; virtual void F() = 0; };
            struct Derived final : Base { void F() override; };
            void Derived::F() {}
        """, "-fPIC")), [])

    def test_a_call_of_the_operating_system_is_found(self):
        self.assertEqual(self.messages(self.compile("bad", """
            extern "C" int printf(const char*, ...);
            void F() { printf("hello"); }
        """)), ["needs printf (printf)"])

    def test_allocation_is_found_by_its_readable_name(self):
        self.assertEqual(self.messages(self.compile("bad", "int* F() { return new int; }")),
                         ["needs operator new(unsigned long) (_Znwm)"])

    def test_the_library_throwing_behind_a_freestanding_header_is_found(self):
        found = self.messages(self.compile("bad", """
            #include <string_view>
            char F(std::string_view text) { return text.at(3); }
        """))
        self.assertEqual(len(found), 1)
        self.assertIn("__throw_out_of_range", found[0])

    def test_exceptions_are_found(self):
        found = self.messages(self.compile("bad", "void F() { throw 1; }", "-fexceptions"))
        self.assertTrue(any("__cxa_throw" in message for message in found), found)

    def test_a_dynamic_initialiser_is_found(self):
        found = self.messages(self.compile("bad", """
            namespace mapwire::platform { int Now(); }
            int start = mapwire::platform::Now();
        """))
        self.assertEqual(found, ["dynamic initialiser in section .init_array"])

    def test_a_guarded_static_is_found(self):
        found = self.messages(self.compile("bad", """
            namespace mapwire::platform { int Now(); }
            int F() { static int first = mapwire::platform::Now(); return first; }
        """))
        self.assertIn("guarded static: _ZGVZ1FvE5first", found)
        self.assertTrue(any("__cxa_guard_acquire" in message for message in found), found)

    def test_a_guarded_static_is_found_without_thread_safe_statics(self):
        found = self.messages(self.compile("bad", """
            namespace mapwire::platform { int Now(); }
            int F() { static int first = mapwire::platform::Now(); return first; }
        """, "-fno-threadsafe-statics"))
        self.assertEqual(found, ["guarded static: _ZGVZ1FvE5first"])

    def test_thread_local_data_is_found(self):
        self.assertIn("thread-local data in section .tbss",
                      self.messages(self.compile("bad", "thread_local int depth;")))

    def test_a_symbol_of_another_object_is_allowed_and_the_archive_names_the_member(self):
        user = self.compile("user", "void G(); void H(); void F() { G(); H(); }")
        giver = self.compile("giver", "void G() {}")
        found = symbols.check([self.archive(user, giver)], ALLOWED, PREFIXES)
        self.assertEqual([v.message for v in found], ["needs H() (_Z1Hv)"])
        self.assertTrue(found[0].path.endswith("lib.a[user.o]"), found[0].path)

    def test_a_name_that_only_looks_like_the_seam_is_found(self):
        self.assertEqual(len(self.messages(self.compile("bad", """
            namespace mapwire::platforms { void Yield(); }
            void F() { mapwire::platforms::Yield(); }
        """))), 1)

    def test_what_is_no_object_is_an_error(self):
        path = os.path.join(self.folder, "x.o")
        with open(path, "w", encoding="utf-8") as stream:
            stream.write("hello")
        with self.assertRaises(RuntimeError):
            self.messages(path)

    def test_main_fails_on_a_violation_only(self):
        good = self.compile("good", "int F() { return 1; }")
        bad = self.compile("bad", "void G(); void F() { G(); }")
        allow = os.path.join(HERE, "allowed_symbols.txt")
        self.assertEqual(symbols.main(["--allow", allow, good]), 0)
        self.assertEqual(symbols.main(["--allow", allow, bad]), 1)


if __name__ == "__main__":
    unittest.main()
