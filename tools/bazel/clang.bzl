"""A second C++ toolchain, made of clang, that stands beside the default one."""

load("@bazel_tools//tools/cpp:cc_configure.bzl", "cc_autoconf_impl")

def _clang_toolchain_impl(repository_ctx):
    clang = repository_ctx.which("clang")
    if not clang:
        fail("clang is not installed: run ./mapwire setup")
    cc_autoconf_impl(repository_ctx, overriden_tools = {"gcc": str(clang)})

clang_toolchain = repository_rule(
    implementation = _clang_toolchain_impl,
    doc = "Bazel's own toolchain detection, told to find clang; runs only for --config=clang.",
    configure = True,
    local = True,
)
