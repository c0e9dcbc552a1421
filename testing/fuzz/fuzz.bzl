"""A fuzz target: a libFuzzer program, and a test that plays kept and random inputs."""

def fuzz_target(name, deps, inputs, longest):
    """Makes :NAME (build it with --config=fuzz) and :NAME_replay_test from NAME_fuzz.cc.

    Args:
      name: of the target; its kept inputs are corpus/NAME/*.
      deps: of NAME_fuzz.cc.
      inputs: how many random inputs the test plays.
      longest: bytes of the longest of them.
    """
    native.cc_library(
        name = name + "_fuzz",
        testonly = True,
        srcs = [name + "_fuzz.cc"],
        deps = deps + [":fuzz"],
    )
    native.cc_binary(
        name = name,
        testonly = True,
        srcs = ["libfuzzer.cc"],
        linkopts = ["-fsanitize=fuzzer"],
        tags = ["manual"],  # needs clang: built through ./mapwire fuzz
        deps = [
            ":fuzz",
            ":" + name + "_fuzz",
        ],
    )
    native.cc_test(
        name = name + "_replay_test",
        size = "small",
        srcs = ["replay.cc"],
        args = [
            native.package_name() + "/corpus/" + name,
            str(inputs),
            str(longest),
        ],
        data = native.glob(["corpus/" + name + "/*"]),
        deps = [
            ":fuzz",
            ":" + name + "_fuzz",
            "//sim/engine",
            "//testing:gtest",
        ],
    )
