"""The build setting that picks a backend, and a rule that builds one target for another backend."""

def _flag_impl(ctx):
    if ctx.build_setting_value not in ["sim", "cost"]:
        fail("//core/platform:backend must be sim or cost, not " + ctx.build_setting_value)
    return []

backend_flag = rule(
    implementation = _flag_impl,
    build_setting = config.string(flag = True),
)

def _cost_transition_impl(settings, attr):
    return {"//core/platform:backend": "cost"}

_cost_transition = transition(
    implementation = _cost_transition_impl,
    inputs = [],
    outputs = ["//core/platform:backend"],
)

def _cost_built_impl(ctx):
    binary = ctx.attr.binary[0][DefaultInfo]
    out = ctx.actions.declare_file(ctx.label.name)
    executable = binary.files_to_run.executable
    ctx.actions.symlink(output = out, target_file = executable, is_executable = True)
    return [DefaultInfo(
        executable = out,
        files = depset([out]),
        runfiles = binary.default_runfiles,
    )]

_COST_BUILT_ATTRIBUTES = {
    "binary": attr.label(cfg = _cost_transition, mandatory = True),
    "_allowlist_function_transition": attr.label(
        default = "@bazel_tools//tools/allowlists/function_transition_allowlist",
    ),
}

cost_binary = rule(
    implementation = _cost_built_impl,
    doc = "The given cc_binary, built with its whole closure for the cost backend.",
    attrs = _COST_BUILT_ATTRIBUTES,
    executable = True,
)

cost_test = rule(
    implementation = _cost_built_impl,
    doc = "The given cc_test, built with its whole closure for the cost backend.",
    attrs = _COST_BUILT_ATTRIBUTES,
    test = True,
)
