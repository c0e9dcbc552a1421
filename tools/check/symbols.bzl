"""symbols_test: objects of core and drivers need nothing but the allow-list, and start nothing."""

def _in_scope(label, folders):
    for folder in folders:
        if label.package == folder or label.package.startswith(folder + "/"):
            return True
    return False

def _portable_objects_impl(ctx):
    found = []
    for lib in ctx.attr.libs:
        for linked in lib[CcInfo].linking_context.linker_inputs.to_list():
            if not _in_scope(linked.owner, ctx.attr.folders):
                continue
            for library in linked.libraries:
                archive = library.pic_static_library or library.static_library
                if archive:
                    found.append(archive)
    if not found:
        fail("no object of %s in %s" % (ctx.attr.folders, [str(l.label) for l in ctx.attr.libs]))
    files = depset(found)
    return [DefaultInfo(files = files, runfiles = ctx.runfiles(files = files.to_list()))]

_portable_objects = rule(
    implementation = _portable_objects_impl,
    doc = "The archives of libs and of all they depend on, as far as they lie in folders.",
    attrs = {
        "libs": attr.label_list(providers = [CcInfo], mandatory = True),
        "folders": attr.string_list(mandatory = True),
    },
)

def symbols_test(name, libs, folders = ["core", "drivers"], tags = [], **kwargs):
    """Fails when the objects of libs need a symbol that is not allowed, or start something.

    Args:
      name: of the test
      libs: cc_library targets; all they depend on is checked too
      folders: objects of other folders, such as platform backends, are left out
      tags: added to those every symbols test has
      **kwargs: passed on to sh_test
    """
    _portable_objects(
        name = name + "_objects",
        testonly = True,
        libs = libs,
        folders = folders,
        visibility = ["//visibility:private"],
    )
    native.sh_test(
        name = name,
        size = "small",
        srcs = ["//tools/check:symbols_test.sh"],
        args = ["$(rootpaths :%s_objects)" % name],
        data = [
            ":%s_objects" % name,
            "//tools/check:symbols_files",
        ],
        # Sanitizers add calls and initialisers of their own.
        tags = tags + ["no-sanitizer", "symbols"],
        **kwargs
    )
