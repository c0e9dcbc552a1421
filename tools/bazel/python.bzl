"""python_test: a unittest module, run by the machine's python3 and by nothing that is fetched."""

def python_test(name, srcs, data = [], tags = [], **kwargs):
    """Runs the unittest module NAME.py of this package.

    Args:
      name: of the test and of its module
      srcs: the module and those it imports, all of this package
      data: files it reads
      tags: added to no-sanitizer, which has no meaning for Python
      **kwargs: passed on to sh_test
    """
    native.sh_test(
        name = name,
        srcs = ["//tools/bazel:python_test.sh"],
        args = [native.package_name(), name],
        data = srcs + data,
        tags = tags + ["no-sanitizer"],
        **kwargs
    )
